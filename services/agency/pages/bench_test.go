package pages_test

import (
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// referrals is how many the agency of the benchmark was asked: about what a national
// shelter organisation gets in ten years.
const referrals = 10_000

// BenchmarkPagesOfABusyAgency measures the server's time for a page of an agency with
// ten thousand referrals: 8,000 have been over for a month, 1,000 are being helped and
// 1,000 wait for an answer at once. The pages are to answer in well under 100 ms (issue
// 6). cpu-ms/op is what a page takes of the processor, also where others use it too.
func BenchmarkPagesOfABusyAgency(b *testing.B) {
	l := agencytest.New(b, events.Shelter)
	a := l.Open()
	l.At(func() time.Time { return time.Now().Add(-30 * 24 * time.Hour) })
	for range referrals * 8 / 10 {
		of, referral := standard(l)
		l.Says(agencytest.Police, of, referral, &events.ReferralWithdrawn{Said: l.Now(), Reason: "no-longer-needed"})
	}
	l.At(time.Now)
	var busy events.CaseID
	for range referrals / 10 {
		of, referral := standard(l)
		helps(b, l, a, of, referral)
		busy = of
	}
	l.Admit(a)
	for range referrals / 10 {
		standard(l)
	}
	p, err := pages.New(a, pages.Config{Door: agencytest.Door{}})
	if err != nil {
		b.Fatal(err)
	}
	h, who := p.Handler(), agencytest.Staff("lead-1", access.DutyLead, access.DPO)
	for name, path := range map[string]string{
		"inbox": "/inbox", "inbox, the last page": "/inbox?page=20", "cases": "/cases", "all cases": "/cases?state=all&page=200", "case": "/cases/" + string(busy),
		"overdue": "/overdue", "erasure": "/erasure", "providers": "/providers",
	} {
		b.Run(name, func(b *testing.B) {
			size, before := 0, processor()
			for b.Loop() {
				w := agencytest.Page(h, who, path)
				if w.Code != http.StatusOK {
					b.Fatal("answered " + strconv.Itoa(w.Code))
				}
				size = w.Body.Len()
			}
			b.ReportMetric(float64(size)/1024, "KiB")
			b.ReportMetric(float64((processor()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// processor is how much of the processor this process has used.
func processor() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// standard is a request of the police for the coming days.
func standard(l *agencytest.Log) (events.CaseID, events.ReferralID) {
	of := l.NewCase()
	l.Says(agencytest.Police, of, "", &events.CaseOpened{Said: l.Now(), Age: events.Adult})
	asked := l.Says(agencytest.Police, of, "", &events.ReferralRequested{
		Said: l.Now(), To: events.Set[events.AgencyID]{agencytest.Own}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionIdentity},
		Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Standard, Age: events.Adult, Sex: "woman", Language: "lit", Region: "GB-ENG",
	})
	return of, asked.ID
}

// helps takes the person in.
func helps(b *testing.B, l *agencytest.Log, a *agency.Agency, of events.CaseID, referral events.ReferralID) {
	b.Helper()
	for _, said := range []events.Payload{
		&events.ReferralAcknowledged{Said: l.Now(), Duty: "duty-1"}, &events.ReferralAccepted{Said: l.Now()},
		&events.HandoverArranged{Said: l.Now(), Planned: events.At(a.Now())}, &events.HandoverCompleted{Said: l.Now()},
		&events.ServiceStarted{Said: l.Now(), Need: "safe-accommodation"},
	} {
		if _, err := a.Say(b.Context(), agency.Statement{Case: of, Referral: referral, Payload: said}); err != nil {
			b.Fatal(err)
		}
	}
}
