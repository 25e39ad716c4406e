package web

// QuickExit says whether the site's pages offer to leave at once.
func (v *Visit) QuickExit() bool { return v.site.config.QuickExit }

// Left is what somebody sees who left at once: a page of no site, that leads nowhere.
func (v *Visit) Left() Answer {
	return Show{Template: "left-page", Data: map[string]string{"Lang": v.Words.Tag}, Part: true}
}
