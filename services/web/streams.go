package web

import "sync"

// mostStreams is how many live parts one person follows at once (own choice: what a
// browser opens over HTTP/1.1, in two browsers).
const mostStreams = 12

// streams counts who follows how many.
type streams struct {
	mu   sync.Mutex
	open map[string]int // by staff code
}

// enter counts one more, unless there are as many as may be. Each that it lets in
// leaves once.
func (s *streams) enter(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[code] >= mostStreams {
		return false
	}
	if s.open == nil {
		s.open = map[string]int{}
	}
	s.open[code]++
	return true
}

func (s *streams) leave(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[code]--; s.open[code] <= 0 {
		delete(s.open, code)
	}
}
