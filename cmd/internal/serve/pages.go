package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"handrail/cmd/internal/process"
	"handrail/deploy/local"
	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/web/signin"
)

// PagesFlags say where an agency's people are served pages, over what its folder
// says; an empty one leaves that as it is.
type PagesFlags struct{ local.PagesFile }

// over gives what counts: the flags, else the folder.
func (f PagesFlags) over(folder string, kept local.PagesFile) (local.PagesFile, error) {
	kept = kept.In(folder)
	for _, one := range []struct {
		flag string
		file *string
	}{
		{f.Listen, &kept.Listen},
		{f.Origin, &kept.Origin},
		{f.Issuer, &kept.Issuer},
		{f.Client, &kept.Client},
		{f.SecretFile, &kept.SecretFile},
		{f.RolesFile, &kept.RolesFile},
		{f.CodeClaim, &kept.CodeClaim},
		{f.RolesClaim, &kept.RolesClaim},
		{f.AgencyClaim, &kept.AgencyClaim},
		{f.CertFile, &kept.CertFile},
		{f.KeyFile, &kept.KeyFile},
	} {
		if one.flag != "" {
			*one.file = one.flag
		}
	}
	if f.Scopes != nil {
		kept.Scopes = f.Scopes
	}
	if kept.Listen != "" && (kept.Origin == "" || kept.Issuer == "" || kept.Client == "") {
		return kept, usage(errors.New("pages need --origin, --issuer and --client too, or the same in the folder's agency.json"))
	}
	return kept, nil
}

// gate lets an agency's people in.
func gate(file local.AgencyFile, at local.PagesFile, store signin.Store, log *slog.Logger) (*signin.Gate, error) {
	g, err := signin.New(signin.Config{
		Agency: file.Agency, Origin: at.Origin, Issuer: at.Issuer, ClientID: at.Client, SecretFile: at.SecretFile, RolesFile: at.RolesFile,
		CodeClaim: at.CodeClaim, RolesClaim: at.RolesClaim, AgencyClaim: at.AgencyClaim, Scopes: at.Scopes,
		Trust: time.Duration(at.TrustHours) * time.Hour, TrustAway: time.Duration(at.TrustAwayHours) * time.Hour, //nolint:gosec // nobody means a thousand centuries
		Store: store, Log: log,
	})
	if err != nil {
		return nil, usage(fmt.Errorf("signing people in: %w", err))
	}
	return g, nil
}

// newPages makes an agency's pages.
func newPages(service *agency.Agency, file local.AgencyFile, at local.PagesFile, log *slog.Logger) (*pages.Pages, error) {
	door, err := gate(file, at, service, log)
	if err != nil {
		return nil, err
	}
	made, err := pages.New(service, pages.Config{
		Listen: at.Listen, CertFile: at.CertFile, KeyFile: at.KeyFile, Door: door, SignIn: signin.Path,
		QuickExit: at.QuickExit, Drafts: at.RightsDrafts, Log: log,
	})
	if err != nil {
		return nil, usage(err)
	}
	return made, nil
}

func usage(err error) error { return &process.ExitError{Code: process.ExitUsage, Err: err} }
