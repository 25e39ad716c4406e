package agency

import (
	"testing"
	"testing/synctest"
	"time"
)

// tellings runs a link for so long and says when it told the hub, and which of
// these asked for everything again.
func tellings(l *link, d time.Duration, damaged bool) (told, asked int) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		send, resume, again := l.due()
		if !send {
			time.Sleep(min(again, time.Until(end)))
			continue
		}
		told++
		if resume || damaged {
			asked++
		}
		l.sent(l.position, resume, damaged)
		time.Sleep(positionLeast)
	}
	return told, asked
}

func TestAQuietLinkTellsEveryHalfMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink(time.Now)
		if _, asked := tellings(l, time.Minute, false); asked != 1 {
			t.Errorf("asked %d times after a new connection", asked)
		}
		if told, asked := tellings(l, 10*time.Minute, false); told < 20 || told > 21 || asked != 0 {
			t.Errorf("told %d times, asked %d times in ten minutes", told, asked)
		}
	})
}

func TestWhatWasAnnouncedAndDoesNotComeIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink(time.Now)
		tellings(l, time.Minute, false)
		l.announced(7)
		if told, asked := tellings(l, headPatience-time.Millisecond, false); told != 1 || asked != 0 {
			t.Errorf("at once: told %d, asked %d", told, asked)
		}
		if _, asked := tellings(l, 5*time.Minute, false); asked < 9 || asked > 14 {
			t.Errorf("asked %d times in five minutes", asked)
		}
		l.progressed(7)
		if _, asked := tellings(l, 5*time.Minute, false); asked > 1 {
			t.Errorf("asked %d times although everything came", asked)
		}
	})
}

func TestDamageIsAskedForUntilItIsRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink(time.Now)
		l.damage()
		if _, asked := tellings(l, 5*time.Minute, true); asked < 9 || asked > 22 {
			t.Errorf("asked %d times in five minutes", asked)
		}
	})
}

func TestAFastInboxTellsBeforeTheHubsWindowIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink(time.Now)
		tellings(l, time.Minute, false)
		l.sent(0, false, false)
		l.progressed(positionStep - 1)
		if send, _, _ := l.due(); send {
			t.Error("told too early")
		}
		l.progressed(positionStep)
		if send, _, _ := l.due(); !send {
			t.Error("not told")
		}
	})
}
