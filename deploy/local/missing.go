package local

// MissingError means that a program that Handrail needs is not on this machine and could not be fetched. The command
// line answers it with exit code 69.
type MissingError struct {
	Program string // what is missing
	Install string // the exact command, or the choice of commands, that mends it
	Cause   error  // why it could not be fetched; may be nil
}

func (e *MissingError) Error() string {
	text := e.Program + " is missing"
	if e.Cause != nil {
		text += " (" + e.Cause.Error() + ")"
	}
	return text + "; " + e.Install
}

func (e *MissingError) Unwrap() error { return e.Cause }

// Unavailable marks the error for the command line's exit code without an import of this package.
func (*MissingError) Unavailable() bool { return true }
