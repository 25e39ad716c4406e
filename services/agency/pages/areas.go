package pages

import (
	"io/fs"

	"handrail/services/agency"
	"handrail/services/agency/pages/acts"
	"handrail/services/agency/pages/ask"
	"handrail/services/agency/pages/asked"
	"handrail/services/agency/pages/cases"
	"handrail/services/agency/pages/duty"
	"handrail/services/agency/pages/inbox"
	"handrail/services/agency/pages/left"
	"handrail/services/agency/pages/providers"
	"handrail/services/agency/pages/referral"
	"handrail/services/agency/pages/report"
	"handrail/services/agency/pages/tonight"
	"handrail/services/agency/pages/trail"
	"handrail/services/web"
	"handrail/services/web/access"
	shapes "handrail/services/web/trail"
)

// area is one package of pages; those without register only have shapes that others use.
type area struct {
	templates func() fs.FS
	register  func(*web.Site, *agency.Agency) error
}

// areas lists every area of the pages.
func (p *Pages) areas() []area {
	return []area{
		{left.Templates, nil},
		{ask.Templates, nil},
		{asked.Templates, nil},
		{shapes.Templates, nil},
		{inbox.Templates, plain(inbox.Register)},
		{cases.Templates, plain(cases.Register)},
		{providers.Templates, plain(providers.Register)},
		{acts.Templates, plain(acts.Register)},
		{referral.Templates, plain(referral.Register)},
		{report.Templates, plain(report.Register)},
		{tonight.Templates, plain(tonight.Register)},
		{duty.Templates, plain(duty.Register)},
		{trail.Templates, func(site *web.Site, a *agency.Agency) error {
			return trail.Register(site, a, trail.Options{Drafts: p.config.Drafts})
		}},
	}
}

// plain is the register of an area that cannot fail.
func plain(register func(*web.Site, *agency.Agency)) func(*web.Site, *agency.Agency) error {
	return func(site *web.Site, a *agency.Agency) error {
		register(site, a)
		return nil
	}
}

// menu is what the layout offers, to those who may see it.
func menu() []web.MenuEntry {
	return []web.MenuEntry{
		{Path: "/inbox", Key: "inbox.menu", Act: access.SeeInbox},
		{Path: "/report", Key: "report.menu", Act: access.Report},
		{Path: "/tonight", Key: "tonight.menu", Act: access.AskTonight},
		{Path: "/cases", Key: "cases.menu", Act: access.SeeCase},
		{Path: "/overdue", Key: "inbox.overdue.menu", Act: access.SeeOverdue},
		{Path: "/providers", Key: "providers.menu", Act: access.SeeProviders},
		{Path: duty.Path, Key: "duty.menu", Act: access.SeeInbox},
		{Path: duty.ShiftPath, Key: "duty.shift.menu", Act: access.HandOverShift},
		{Path: "/erasure", Key: "cases.erasure.menu", Act: access.SeeErasure},
		{Path: "/rights", Key: "trail.rights.menu", Act: access.ShowRights},
		{Path: "/readlog", Key: "cases.readlog.menu", Act: access.SeeReadLog},
	}
}
