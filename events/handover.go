package events

// HandoverArranged says that both sides agreed when the person is handed over;
// the place travels sealed, peer to peer.
type HandoverArranged struct {
	Said
	Planned Time `json:"planned" reads:"clock handover"`
}

// Type implements Payload.
func (*HandoverArranged) Type() Type { return TypeHandoverArranged }

func (*HandoverArranged) check() error { return nil }

// HandoverCompleted says that the person has arrived.
type HandoverCompleted struct{ Said }

// Type implements Payload.
func (*HandoverCompleted) Type() Type { return TypeHandoverCompleted }

func (*HandoverCompleted) check() error { return nil }

// HandoverFailed says that the person did not arrive; the recipient erases and confirms.
type HandoverFailed struct {
	Said
	Reason EndReason `json:"reason" reads:"route referrer"`
}

// Type implements Payload.
func (*HandoverFailed) Type() Type { return TypeHandoverFailed }

func (*HandoverFailed) check() error { return nil }

// ServiceStarted says that a provider now gives a service.
type ServiceStarted struct {
	Said
	Need Need `json:"need" reads:"rule need-asked"`
}

// Type implements Payload.
func (*ServiceStarted) Type() Type { return TypeServiceStarted }

func (*ServiceStarted) check() error { return nil }

// ServiceEnded says that a provider no longer gives a service.
type ServiceEnded struct {
	Said
	Need   Need      `json:"need" reads:"rule need-asked"`
	Reason EndReason `json:"reason" reads:"route referrer"`
}

// Type implements Payload.
func (*ServiceEnded) Type() Type { return TypeServiceEnded }

func (*ServiceEnded) check() error { return nil }
