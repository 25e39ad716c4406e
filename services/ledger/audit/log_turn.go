package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
)

// GarbagePercent is for [runtime/debug.SetGCPercent] while [VerifyLog] runs: nearly all
// that it allocates is garbage soon, and little lives on, so collecting it a quarter as
// often as usual saves a tenth of the time and costs some tens of megabytes.
const GarbagePercent = 400

// ahead is how many jobs may wait for each worker: enough to keep all of them at work
// while the next page of jobs is fetched.
const ahead = 4

// inTurn gives jobs to workers and takes their results in the order of the jobs. It
// ends with the first error, of the jobs, of taking, or of ctx; nothing of it runs
// any more then.
func inTurn[J, R any](ctx context.Context, workers int, jobs iter.Seq2[J, error], do func(J) R, take func(R) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	type task struct {
		job    J
		result R
		err    error
		done   chan struct{}
	}
	work, queue := make(chan *task, ahead*workers), make(chan *task, ahead*workers)
	running.Go(func() {
		defer close(queue)
		defer close(work)
		for job, err := range jobs {
			t := &task{job: job, err: err, done: make(chan struct{})}
			select {
			case queue <- t:
			case <-ctx.Done():
				return
			}
			if err != nil {
				close(t.done)
				return
			}
			select {
			case work <- t:
			case <-ctx.Done():
				return
			}
		}
	})
	for range workers {
		running.Go(func() {
			for t := range work {
				if t.err = ctx.Err(); t.err == nil {
					t.err = guarded(func() { t.result = do(t.job) })
				}
				close(t.done)
			}
		})
	}
	for t := range queue {
		select {
		case <-t.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if t.err != nil {
			return t.err
		}
		if err := take(t.result); err != nil {
			return err
		}
	}
	return ctx.Err()
}

var errPanicked = errors.New("what the hub shows made the verification panic: this is a fault of this program, please report it")

// guarded turns a panic into an error that tells nothing of what was read.
func guarded(do func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%T)", errPanicked, p)
		}
	}()
	do()
	return nil
}
