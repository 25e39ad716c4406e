package process

import "errors"

// Exit codes of every program of ours.
const (
	ExitDone        = 0
	ExitFailure     = 1
	ExitUsage       = 2  // the command line or the configuration is wrong
	ExitUnverified  = 3  // a trail does not verify
	ExitUnavailable = 69 // a program that is needed is missing (sysexits.h, EX_UNAVAILABLE)
)

// ExitError is an error that decides the exit code.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string { return e.Err.Error() }

func (e *ExitError) Unwrap() error { return e.Err }

// ExitCode is the code to end the process with: an [ExitError]'s own; 69 for an error that says that it is
// Unavailable, as deploy/local's MissingError does; 1 for any other.
func ExitCode(err error) int {
	if err == nil {
		return ExitDone
	}
	if exit, ok := errors.AsType[*ExitError](err); ok {
		return exit.Code
	}
	var missing interface {
		error
		Unavailable() bool
	}
	if errors.As(err, &missing) && missing.Unavailable() {
		return ExitUnavailable
	}
	return ExitFailure
}
