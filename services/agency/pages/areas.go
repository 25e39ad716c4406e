package pages

import (
	"embed"
	"fmt"
	"io/fs"

	"handrail/services/agency"
	"handrail/services/agency/pages/acts"
	"handrail/services/agency/pages/cases"
	"handrail/services/agency/pages/duty"
	"handrail/services/agency/pages/inbox"
	"handrail/services/agency/pages/providers"
	"handrail/services/agency/pages/referral"
	"handrail/services/agency/pages/report"
	"handrail/services/agency/pages/tonight"
	"handrail/services/agency/pages/trail"
	"handrail/services/web"
	"handrail/services/web/access"
	shapes "handrail/services/web/trail"
)

//go:embed */templates/*.html
var areas embed.FS

// templates are those of every area, and of what areas share.
func templates() ([]fs.FS, error) {
	all := []fs.FS{shapes.Templates()}
	folders, err := areas.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("looking for templates: %w", err)
	}
	for _, folder := range folders {
		area, err := fs.Sub(areas, folder.Name())
		if err != nil {
			return nil, fmt.Errorf("looking for templates: %w", err)
		}
		all = append(all, area)
	}
	return all, nil
}

// register adds the pages of every area.
func (p *Pages) register(site *web.Site) error {
	for _, register := range []func(*web.Site, *agency.Agency){
		inbox.Register, cases.Register, providers.Register, acts.Register, referral.Register, report.Register, tonight.Register, duty.Register,
	} {
		register(site, p.agency)
	}
	return trail.Register(site, p.agency, trail.Options{Drafts: p.config.Drafts})
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
