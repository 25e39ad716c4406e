package browser

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/web/language"
	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// something for every page to show: a night with a question, an acceptance, a
// withdrawal and somebody who does not answer.
const crowd = `
harbour publishes places=few children=4 languages=lit,rus
shelter publishes places=some children=3 languages=lit,eng
police asks for tonight age=adult sex=woman children={"0-8":1,"9-17":1} language=lit interpreter=independent dangers=pursued bundle=bed call_back=+00_000_0001 name=Alex_Example
shelter sees referral urgency=tonight age=adult language=lit
shelter says referral.acknowledged duty=duty-1
shelter reads needs for accommodation as duty-worker on consent
shelter asks back Does the small one need a cot?
shelter says referral.accepted
shelter reads identity for accommodation as duty-worker on consent
police hears yes to any counselling for counselling with contact,needs,risk language=lit interpreter=independent
police refers the person to river for counselling with needs,risk urgency=tonight
police hears no more to any counselling for counselling
`

// reader is somebody whose pages are crawled.
type reader struct {
	agency events.AgencyID
	code   string
}

// judgedAtMost is how often pages of one kind are judged in Chromium for all readers
// together; beyond it they are fetched.
const judgedAtMost = 4

// tally counts for several at once.
type tally struct {
	mu sync.Mutex
	of map[string]int
}

func (t *tally) more(what string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of[what]++
	return t.of[what]
}

// TestEveryPageOfEverySiteHoldsUp follows every link of everybody's pages. Each page
// is judged in Chromium in one language and one look of its own, and answers in every
// language.
func TestEveryPageOfEverySiteHoldsUp(t *testing.T) {
	for line := range strings.Lines(crowd) {
		if words := strings.Fields(line); len(words) > 0 {
			sampletown.Do(t, words...)
		}
	}
	judged := &tally{of: map[string]int{}}
	for _, who := range []reader{
		{town.Police, "officer-2"},
		{town.Shelter, "duty-2"},
		{town.Shelter, "dpo-1"},
		{town.Hotline, "duty-1"},
		{town.Embassy, "consul-1"},
		{town.Coordination, "lead-1"},
		{town.Auditor, "auditor-1"},
	} {
		t.Run(string(who.agency)+"/"+who.code, func(t *testing.T) {
			t.Parallel()
			crawl(t, who, judged)
		})
	}
}

// looks are what a page is judged in, one after the other.
func looks() []drive.Way {
	return []drive.Way{{Theme: "light"}, {Theme: "dark"}, {Theme: "contrast"}, {Theme: "light"}}
}

// perPattern is how many pages of one kind, such as cases, are looked at.
const perPattern = 2

var id = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`) // compiled once

// pattern is a path with ids and values taken out.
func pattern(link string) string {
	path, query, _ := strings.Cut(id.ReplaceAllString(link, "ID"), "?")
	var keys []string
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return path + "?" + strings.Join(keys, "&")
}

func crawl(t *testing.T, who reader, judged *tally) {
	began := time.Now()
	desk := be(t, drive.Way{}, who.agency, who.code, "/")
	phone := be(t, drive.Way{Phone: true}, who.agency, who.code, "/")
	if who.agency == town.Auditor {
		reads(desk, "/trail/") // what nobody let the log record is not shown
		desk.Follow("/trail/")
		reads(desk, "")
		desk.Visit("/")
	}
	seen, queue, pages := map[string]int{}, append([]string{desk.Path()}, desk.Links()...), []string{}
	visited := map[string]bool{}
	tags := language.Tags()
	for len(queue) > 0 {
		link := queue[0]
		queue = queue[1:]
		if kind := pattern(link); visited[link] || seen[kind] >= perPattern || strings.HasPrefix(link, "/assets/") {
			continue
		}
		visited[link] = true
		seen[pattern(link)]++
		pages = append(pages, link)
		p := []*drive.Page{desk, phone}[len(pages)%2]
		p.Prefer(tags[len(pages)%len(tags)], looks()[len(pages)%4].Theme)
		p.Visit(link)
		if p.Status() != http.StatusOK || p.Heading() == "" {
			t.Errorf("%s is answered %d with the heading %q", pattern(link), p.Status(), p.Heading())
			continue
		}
		if judged.more(pattern(link)) <= judgedAtMost {
			p.Judge()
		}
		queue = append(queue, p.Links()...)
	}
	inEveryLanguage(t, desk, pages)
	t.Logf("%d pages of %d kinds in %.1f s", len(pages), len(seen), time.Since(began).Seconds())
}

// inEveryLanguage fetches pages in every language. The HTML of each is judged in one,
// another for each page: the languages share their templates.
func inEveryLanguage(t *testing.T, p *drive.Page, pages []string) {
	tags := language.Tags()
	for i, tag := range tags {
		p.Prefer(tag, "")
		for j, link := range pages {
			status, text := p.Fetch(link)
			if status != http.StatusOK || !strings.Contains(text, `lang="`+tag+`"`) {
				t.Errorf("%s in %s is answered %d", pattern(link), tag, status)
			}
			if (i+j)%len(tags) != 0 {
				continue
			}
			if problems := p.HTML(text); len(problems) > 0 {
				t.Errorf("%s in %s: %d problems, the first: %s", pattern(link), tag, len(problems), problems[0])
			}
		}
	}
}
