package agency

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Alarm is something that a person must look at. It stands until it is over.
type Alarm struct {
	Name  string    `json:"name"`  // what is wrong: copy-damaged, row-damaged, ...
	Which string    `json:"which"` // a number or code, never personal data
	Text  string    `json:"text"`  // plain English: what happened, what the service does about it
	Since time.Time `json:"since"`
	Times int       `json:"times"`
}

// alarms keeps what is wrong now.
type alarms struct {
	log    *slog.Logger
	raised metric.Int64Counter
	now    func() time.Time

	mu   sync.Mutex
	open map[[2]string]Alarm
}

// raise opens an alarm or counts it again. cause is only logged.
func (a *alarms) raise(ctx context.Context, name, which, text string, cause error) {
	a.mu.Lock()
	alarm, again := a.open[[2]string{name, which}]
	if !again {
		alarm = Alarm{Name: name, Which: which, Since: a.now().UTC().Truncate(time.Second)}
	}
	alarm.Text, alarm.Times = text, alarm.Times+1
	a.open[[2]string{name, which}] = alarm
	a.mu.Unlock()

	a.raised.Add(ctx, 1, metric.WithAttributes(attribute.String("handrail.alarm", name)))
	if alarm.Times&(alarm.Times-1) == 0 { // the 1st, 2nd, 4th, 8th ...: a lasting fault does not flood the log
		a.log.LogAttrs(ctx, slog.LevelError, "alarm", slog.String("alarm", name), slog.String("which", which),
			slog.String("text", text), slog.Int("times", alarm.Times), slog.Any("cause", cause))
	}
}

// over closes an alarm, if it is open.
func (a *alarms) over(name, which string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, [2]string{name, which})
}

// overAll closes every alarm of a name.
func (a *alarms) overAll(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.open, func(key [2]string, _ Alarm) bool { return key[0] == name })
}

// stands says whether an alarm of a name is open.
func (a *alarms) stands(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key := range a.open {
		if key[0] == name {
			return true
		}
	}
	return false
}

func (a *alarms) list() []Alarm {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]Alarm, 0, len(a.open))
	for _, alarm := range a.open {
		list = append(list, alarm)
	}
	slices.SortFunc(list, func(x, y Alarm) int {
		if c := x.Since.Compare(y.Since); c != 0 {
			return c
		}
		return strings.Compare(x.Name+x.Which, y.Name+y.Which)
	})
	return list
}
