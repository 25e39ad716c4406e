package alert

import (
	"fmt"
	"strings"

	"handrail/events"
)

// wording is what an alert says in one language. It is fixed: nothing of a case
// is ever put into it but how urgent it is and the codes of the alerts.
type wording struct {
	subject  string
	urgent   string // takes the codes
	standard string // takes the codes
	one      string // takes a code
	several  string // takes codes
	more     string // takes codes and how many more
	test     string
}

// wordings by language. Another language is another row.
func wordings() map[string]wording {
	return map[string]wording{
		"en": {
			subject:  "Handrail: the duty desk is needed",
			urgent:   "Handrail: something waits for the duty desk, urgent. Open the desk. %s.",
			standard: "Handrail: something waits for the duty desk. Open the desk. %s.",
			one:      "Alert %s",
			several:  "Alerts %s",
			more:     "Alerts %s and %d more",
			test:     "Handrail: this is a test of the alerts. Nothing waits.",
		},
	}
}

// shownCodes keeps a short message short.
const shownCodes = 3

// say words one message about some alerts; about none it is a test.
func (w wording) say(urgency events.Urgency, codes []string) string {
	if len(codes) == 0 {
		return w.test
	}
	var which string
	switch shown := strings.Join(codes[:min(len(codes), shownCodes)], ", "); {
	case len(codes) == 1:
		which = fmt.Sprintf(w.one, shown)
	case len(codes) <= shownCodes:
		which = fmt.Sprintf(w.several, shown)
	default:
		which = fmt.Sprintf(w.more, shown, len(codes)-shownCodes)
	}
	if urgency == events.Tonight {
		return fmt.Sprintf(w.urgent, which)
	}
	return fmt.Sprintf(w.standard, which)
}
