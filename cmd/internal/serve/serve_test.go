package serve

import (
	"testing"

	"handrail/deploy/local"
	"handrail/events"
)

// TestEveryKindHasOneProgram keeps the two lists together: which program the
// demo starts for an organisation, and which organisations a program serves.
func TestEveryKindHasOneProgram(t *testing.T) {
	for _, code := range events.AgencyKind("").Codes() {
		kind := events.AgencyKind(code)
		for _, program := range []string{local.DeskPolice, local.DeskSocial, local.DeskNGO, local.DeskEmbassy, local.DeskCoordinator} {
			_, serves := Desks(program)[kind]
			if starts := local.DeskOf(kind) == program; serves != starts {
				t.Errorf("%s: started by %s is %v, served by it is %v", kind, program, starts, serves)
			}
		}
	}
	if Desks("nonsense") != nil {
		t.Error("a program that is none serves somebody")
	}
}
