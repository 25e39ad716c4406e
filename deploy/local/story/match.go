package story

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"handrail/deploy/local"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// matchActs are about who can take a person now.
func (w *World) matchActs() []act {
	return []act{
		{"publishes FIELDS...", w.publishes},
		{"finds AGENCY first for FIELDS...", w.findsFirst},
		{"finds that AGENCY cannot for FIELDS...", w.findsUnfit},
	}
}

// publishes says whom the agency can take; what is not said is what most
// shelters would say.
func (w *World) publishes(ctx context.Context, who local.Member, given []string) (string, error) {
	usual := []string{"needs=emergency-shelter,safe-accommodation", "sexes=woman,trans-nonconforming", "ages=adult", "hours=daily 00:00-24:00", "places=some"}
	for _, word := range given {
		name, _, _ := strings.Cut(word, "=")
		usual = slices.DeleteFunc(usual, func(u string) bool { return strings.HasPrefix(u, name+"=") })
	}
	for i := range given {
		given[i] = strings.ReplaceAll(given[i], "_", " ") // hours=mo_08:00-16:00 is one word of a story
	}
	body, err := client.Object(slices.Concat(usual, given), formOf("capacity.published"))
	if err != nil {
		return "", err
	}
	var made agency.Said
	if err := w.people(who).Post(ctx, "/v1/capacity", body, &made); err != nil {
		return "", err
	}
	return until(ctx, func(ctx context.Context) (string, error) { return w.admitted(ctx, who, made.Events[0]) })
}

// providers asks who can take a person, best first.
func (w *World) providers(ctx context.Context, who local.Member, wish []string) ([]agency.ProviderView, error) {
	query := url.Values{}
	for _, word := range wish {
		name, value, _ := strings.Cut(word, "=")
		query.Set(name, value)
	}
	return client.List[agency.ProviderView](ctx, w.people(who), "/v1/providers?"+query.Encode(), "providers")
}

func (w *World) findsFirst(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		all, err := w.providers(ctx, who, given[1:])
		switch {
		case err != nil:
			return "", err
		case len(all) == 0 || !all[0].Fits:
			return "", errors.New("nobody can take the person")
		case all[0].Agency != byName(given[0]):
			return "", fmt.Errorf("%s stands first", all[0].Agency)
		}
		return all[0].Says, nil
	})
}

func (w *World) findsUnfit(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		all, err := w.providers(ctx, who, given[1:])
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(all, func(p agency.ProviderView) bool { return p.Agency == byName(given[0]) })
		switch {
		case i < 0:
			return "", errors.New("it is not in the list")
		case all[i].Fits:
			return "", errors.New("it can")
		}
		return all[i].Says, nil
	})
}
