package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const (
	rotationPatience = time.Minute
	rotationPause    = 200 * time.Millisecond
)

// keysView is what an agency's service says of its keys.
type keysView struct {
	Agency    string    `json:"agency"`
	Standing  string    `json:"standing"`
	Keys      []keyView `json:"keys"`
	Protected bool      `json:"protected"`
	Next      string    `json:"next,omitzero"`
}

type keyView struct {
	ID        string `json:"id"`
	Use       string `json:"use"`
	State     string `json:"state"`
	Since     uint64 `json:"since,omitzero"`
	Replaced  string `json:"replaced,omitzero"`
	Destroyed string `json:"destroyed,omitzero"`
	Protected bool   `json:"protected"`
	File      string `json:"file,omitzero"`
}

const keyWaits = "waiting"

func (v keysView) waiting() bool {
	return slices.ContainsFunc(v.Keys, func(k keyView) bool { return k.State == keyWaits })
}

func keysText(b *strings.Builder, v keysView) {
	fmt.Fprintf(b, "%s, %s\n\n", v.Agency, v.Standing)
	for _, k := range v.Keys {
		fmt.Fprintf(b, "  %-8s %-8s %s", k.Use, k.State, k.ID[:min(16, len(k.ID))])
		if k.Since > 0 {
			fmt.Fprintf(b, "  since entry %d", k.Since)
		}
		if k.Destroyed != "" {
			fmt.Fprintf(b, "  destroyed on %s", k.Destroyed)
		}
		b.WriteString("\n")
	}
	if v.Next != "" {
		fmt.Fprintf(b, "\nThe sealing key is replaced by itself on %s.\n", v.Next)
	}
	if !v.Protected {
		b.WriteString("\n! The key files have no passphrase: whoever copies the folder has the keys.\n")
	}
}

func keysCommand(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "keys", Short: "which keys this agency has, since when, and what becomes of the earlier ones", Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			var v keysView
			if err := d.Get(c.Context(), "/v1/keys", &v); err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), v, func(b *strings.Builder) { keysText(b, v) })
		},
	}
	as(c, &id)
	return c
}

func rotateCommand(o *options) *cobra.Command {
	var id, staff string
	var uses []string
	c := &cobra.Command{
		Use: "rotate-keys", Short: "replace this agency's keys; the new ones are made here and never leave", Args: exactly(0, "no argument"),
		Long: `The agency's service makes new keys, says so in the log with its key of before, and
uses them when the log has them. Others' services seal to the new key from then on;
earlier sealing keys are destroyed 35 days later. If keys may be in other hands, have
the operator suspend or revoke the agency: a thief could rotate them too.`,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			if err := d.Post(c.Context(), "/v1/keys/rotate", map[string]any{"keys": uses, "staff": staff}, nil); err != nil {
				return refused(err)
			}
			v, err := rotated(c.Context(), d)
			if err != nil {
				return err
			}
			return o.show(c.OutOrStdout(), v, func(b *strings.Builder) {
				keysText(b, v)
				b.WriteString("\nIf you keep a copy of the recovery folder elsewhere, copy it again: it was written anew.\n")
			})
		},
	}
	as(c, &id)
	c.Flags().StringSliceVar(&uses, "keys", []string{"signing", "sealing", "witness"}, "which: signing, sealing, witness")
	c.Flags().StringVar(&staff, "staff", "supervisor", "who asks: a role and code, never a name")
	return c
}

// rotated waits until the log has the new keys.
func rotated(ctx context.Context, d desk) (keysView, error) {
	ctx, cancel := context.WithTimeout(ctx, rotationPatience)
	defer cancel()
	for {
		var v keysView
		if err := d.Get(ctx, "/v1/keys", &v); err != nil {
			return v, refused(err)
		}
		if !v.waiting() {
			if slices.ContainsFunc(v.Keys, func(k keyView) bool { return k.State == "refused" }) {
				return v, errors.New("the hub refused the new keys; the ones of before go on. See `handrail doctor`")
			}
			return v, nil
		}
		select {
		case <-ctx.Done():
			return v, errors.New("the new keys are made and wait for the hub; they count when it answers. See `handrail agency keys`")
		case <-time.After(rotationPause):
		}
	}
}
