package cases

import (
	"errors"
	"net/http"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web"
	"handrail/services/web/access"
)

// staffProblem is shown when a code cannot stand.
type staffProblem struct{ Case, Short, Given string }

// assign adds somebody of the staff to a case.
func (p pages) assign(v *web.Visit) (web.Answer, error) {
	id, staff, err := p.named(v)
	if err != nil {
		return nil, err
	}
	switch err := p.agency.Assign(v.Context(), id, staff, v.Person.Code); {
	case errors.Is(err, agency.ErrStaffCode):
		title, err := v.Say("cases.staff.title")
		return web.Show{Template: "cases-staff", Title: title, Status: http.StatusUnprocessableEntity, Data: staffProblem{string(id), Short(id), staff}}, err
	case err != nil:
		return nil, err
	}
	return web.Go("/cases/" + string(id) + "#staff"), nil
}

// unassign ends somebody's work on a case.
func (p pages) unassign(v *web.Visit) (web.Answer, error) {
	id, staff, err := p.named(v)
	if err != nil {
		return nil, err
	}
	if err := p.agency.Unassign(v.Context(), id, staff, v.Person.Code); err != nil {
		return nil, err
	}
	return web.Go("/cases/" + string(id) + "#staff"), nil
}

func (p pages) named(v *web.Visit) (events.CaseID, string, error) {
	if err := v.Form(); err != nil {
		return "", "", err
	}
	id, _, err := p.open(v)
	if err == nil {
		err = v.May(access.Assign, nil)
	}
	return id, v.PostFormValue("staff"), err
}
