package language

import (
	"strconv"
	"time"
)

// In is an instant where the readers are.
func (w *Words) In(t time.Time) time.Time { return t.In(w.place) }

// Date is a day in words: Sunday 22 November 2026.
func (w *Words) Date(t time.Time) (string, error) {
	t = w.In(t)
	day, err := w.Say("date.weekday." + strconv.Itoa(int(t.Weekday())))
	if err != nil {
		return "", err
	}
	month, err := w.Say("date.month." + strconv.Itoa(int(t.Month())))
	if err != nil {
		return "", err
	}
	return w.Say("date.long", "Weekday", day, "Day", t.Day(), "Month", month, "Year", t.Year())
}

// Clock is the time of day, 24 hours: 03:12.
func (w *Words) Clock(t time.Time) string { return w.In(t).Format("15:04") }

// Moment is when something happened, as short as it is clear: the time of day if it
// was today, else day, month and time, and the year if it is another.
func (w *Words) Moment(t, now time.Time) (string, error) {
	t, now = w.In(t), w.In(now)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return w.Say("date.today", "Clock", w.Clock(t))
	}
	month, err := w.Say("date.month." + strconv.Itoa(int(t.Month())))
	if err != nil {
		return "", err
	}
	if t.Year() == now.Year() {
		return w.Say("date.short", "Day", t.Day(), "Month", month, "Clock", w.Clock(t))
	}
	return w.Say("date.year", "Day", t.Day(), "Month", month, "Year", t.Year(), "Clock", w.Clock(t))
}

// Left is how much time is left until due, or how late it is: "14 minutes left",
// "3 hours late".
func (w *Words) Left(due, now time.Time) (string, error) {
	if left := due.Sub(now); left > 0 {
		return w.span("time.left.", left)
	}
	return w.span("time.late.", now.Sub(due))
}

// Ago is how long ago something was: "5 minutes ago".
func (w *Words) Ago(t, now time.Time) (string, error) { return w.span("time.ago.", max(0, now.Sub(t))) }

// Lasts is a length of time: "30 minutes".
func (w *Words) Lasts(d time.Duration) (string, error) { return w.span("time.lasts.", d) }

// span says a length of time in its largest sensible unit, cut off, never rounded
// up: nobody is promised a minute that is not there.
func (w *Words) span(prefix string, d time.Duration) (string, error) {
	switch {
	case d >= 48*time.Hour:
		return w.Say(prefix+"days", "Count", int(d/(24*time.Hour)))
	case d >= 2*time.Hour:
		return w.Say(prefix+"hours", "Count", int(d/time.Hour))
	case d >= time.Minute:
		return w.Say(prefix+"minutes", "Count", int(d/time.Minute))
	}
	return w.Say(prefix + "moment")
}
