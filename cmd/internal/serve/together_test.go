package serve

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/agency/systems"
)

// What an agency serves ends before the agency does, and leaves the journal to the
// next run, also when it could not begin.
func TestAnAgencyAndWhatItServesEndTogether(t *testing.T) {
	defer goleak.VerifyNone(t)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, taken.Close()) }()
	l := agencytest.New(t, events.Shelter)
	operator, err := exchange.NewOperator()
	must(t, err)
	accounts, err := operator.Grant(agencytest.Hub, []events.AgencyID{agencytest.Own})
	must(t, err)
	folder := l.Config().Dir
	must(t, os.WriteFile(filepath.Join(folder, agency.CredsFile), accounts.Creds[agencytest.Own], 0o600))
	must(t, os.WriteFile(filepath.Join(folder, systems.TokenFile), []byte(strings.Repeat("x", 40)), 0o600))
	for listen, want := range map[string]string{"127.0.0.1:0": "", taken.Addr().String(): "listening for systems"} {
		a, err := agency.New(l.Config())
		must(t, err)
		own, err := systems.New(a, systems.Config{Dir: folder, Listen: listen})
		must(t, err)
		people, err := pages.New(a, pages.Config{Listen: "127.0.0.1:0", Door: agencytest.Door{}})
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- together(ctx, a, own, people) }()
		if want == "" {
			<-a.Ready()
			<-people.Ready()
			if own.Address() == "" {
				t.Error("the desk is open, and the systems' interface is not")
			}
			cancel()
		}
		if err := <-ended; want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("on %s it ended with %v", listen, err)
		}
		cancel()
	}
	must(t, l.Open().Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
