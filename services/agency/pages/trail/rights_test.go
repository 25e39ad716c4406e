package trail

import (
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web"
	"handrail/services/web/access"
	"handrail/services/web/language/rights"
)

// A text that was reviewed for the country is shown, in its own direction; one that was reviewed for another is not.
func TestAReviewedTextIsShownInItsOwnDirection(t *testing.T) {
	a := agencytest.NewUnder(t, "ee@1", events.Shelter).Open()
	site, err := web.New(web.Config{Agency: agencytest.Own, SignIn: "/sign-in", Who: agencytest.Door{}.Who, Templates: []fs.FS{os.DirFS(".")}})
	if err != nil {
		t.Fatal(err)
	}
	text := func(tag, country string) rights.Text {
		return rights.Text{
			Language: tag, Name: tag, Reviewed: true, Reviews: []rights.Review{{Profile: country, On: "2026-11-22", By: "a lawyer and a speaker"}},
			Source: "s", Title: "حقوقي", Points: []rights.Point{{Title: "one", Text: "two", Source: "three"}},
		}
	}
	p := &area{agency: a, book: site.Languages(), rights: map[string]rights.Text{"ar": text("ar", "ee"), "ro": text("ro", "pl")}}
	site.Page("GET /rights", access.ShowRights, p.showRights)
	who := agencytest.Staff("duty-1", access.CaseWorker)

	shown := agencytest.Page(site.Handler(), who, "/rights?lang=ar")
	for _, want := range []string{`lang="ar" dir="rtl"`, "حقوقي", "Reviewed: 2026-11-22, by a lawyer and a speaker"} {
		if !strings.Contains(shown.Body.String(), want) {
			t.Errorf("the text lacks %q: %d %s", want, shown.Code, shown.Body)
		}
	}
	if strings.Contains(shown.Body.String(), "Draft") {
		t.Error("a reviewed text is marked as a draft")
	}
	if other := agencytest.Page(site.Handler(), who, "/rights?lang=ro"); other.Code != http.StatusNotFound || strings.Contains(other.Body.String(), "حقوقي") {
		t.Errorf("a text that was reviewed for another country is answered %d", other.Code)
	}
	if list := agencytest.Page(site.Handler(), who, "/rights"); !strings.Contains(list.Body.String(), `href="/rights?lang=ar"`) || strings.Contains(list.Body.String(), `href="/rights?lang=ro"`) {
		t.Error("the list offers other texts than those that were reviewed for the country")
	}
}
