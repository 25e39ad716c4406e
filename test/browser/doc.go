// Package browser tests the pages as people meet them: the whole demonstration with every agency as a process of its own,
// real sign-in, real Chromium. One hub and one browser serve the package; every test has tabs and cookies of its own.
//
// Each area of the pages has its own file of tests, one named test per task, run in each way that people work in:
//
//	func TestTheShelterTakesAPersonIn(t *testing.T) {
//		for _, way := range drive.Ways() {
//			t.Run(way.String(), func(t *testing.T) {
//				p := be(t, way, town.Shelter, "duty-1", "/inbox")
//				p.In("Emergency shelter").Press("Open")
//				p.Press("Accept")
//				p.Sees("You took the person in")
//				p.Judge()
//			})
//		}
//	}
//
// [drive.Page] documents what a test can do and see, and what it is judged by without asking; [town.Town] has the
// hub: its people, taking it away, stories that put something into an inbox. Tests share the hub: each makes the case
// that it needs, by the pages or by a line of a story, and asks nothing of what others left behind.
package browser
