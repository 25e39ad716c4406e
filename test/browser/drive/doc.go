// Package drive drives real Chromium as a person does: it finds things by the role and the name that a screen reader
// would say, presses them with a mouse, a finger or the keyboard alone, and reads what stands on the page.
//
// A test says what the person does once; the [Way] says how: by mouse, by keyboard, on a telephone, without JavaScript.
//
//	p := chromium.Open(t, drive.Way{Keyboard: true})
//	p.Visit("http://localhost:20001/inbox")
//	p.Press("Report a person")      // a button or a link of that name
//	p.Choose("Woman")               // a radio button or a check box by its label
//	p.Fill("Number to call back", "+00 000 0001")
//	p.Select("Language", "Lithuanian")
//	p.Press("Send")
//	p.Sees("The request is with the hub")
//	p.Judge()                       // axe for WCAG 2.2 AA, html-validate, nothing wider than the screen
//
// A name is matched whole first, then as a beginning, then as a part. Where several things have one name, [Page.In]
// narrows to the smallest list item, row, section, article or panel with a text.
//
// Every page is watched from its first byte to the end of its test, and the test fails on: a request to another origin
// than the page's own; an error on the console; anything that the content security policy blocked; a text typed with
// [Page.Fill] that shows up in an address, a title or a header. A failed test leaves a picture and the served HTML in a
// folder that it names.
//
// Chromium comes from the machine: Debian's chromium-headless-shell, which has no windows of its own and is much quicker,
// else any other. As root on Debian it is installed by this package, which says so; elsewhere the test fails with the
// command that installs it. It is never skipped.
package drive
