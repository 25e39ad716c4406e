package events

// Control messages keep agency and hub in step. They are signed, never logged,
// carry no sequence, and each must be strictly newer than the sender's last of
// its type; only the newest counts.

// InboxPosition is an agency's word on the last delivery number that it has
// stored. With Resume the hub delivers everything beyond it again.
type InboxPosition struct {
	Position uint64 `json:"position" reads:"clock delivery"`
	Resume   bool   `json:"resume,omitzero" reads:"clock delivery"`
}

// Type implements Payload.
func (*InboxPosition) Type() Type { return TypeControlPosition }

func (*InboxPosition) check() error { return nil }

// HeadAnnounced is the hub's word on the last delivery number that it has
// assigned to the agency, so that the agency sees what it lacks.
type HeadAnnounced struct {
	Delivered uint64 `json:"delivered" reads:"clock delivery"`
}

// Type implements Payload.
func (*HeadAnnounced) Type() Type { return TypeControlHead }

func (*HeadAnnounced) check() error { return nil }

// ResendFrom tells an agency which sequence the hub expects next of a key.
type ResendFrom struct {
	Key      KeyID  `json:"key" reads:"rule sequence-reused"`
	Sequence uint64 `json:"sequence" reads:"rule sequence-reused"`
}

// Type implements Payload.
func (*ResendFrom) Type() Type { return TypeControlResend }

func (*ResendFrom) check() error { return nil }
