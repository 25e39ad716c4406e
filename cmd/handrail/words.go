package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/contracts/words"
)

// comparison asks for words that somebody reads on the telephone and holds them
// against what a file says. The right ones are never shown first: who could copy
// them would not telephone.
type comparison struct{ typed string }

func (w *comparison) flag(c *cobra.Command) {
	c.Flags().StringVar(&w.typed, "words", "", "the eight words as they were read to you on the telephone (default: asked for)")
}

// compare refuses with exit code 3 when the words differ.
func (w *comparison) compare(c *cobra.Command, ask string, want []string) error {
	typed := w.typed
	if typed == "" {
		var err error
		if typed, err = answer(c, ask+"\nThe eight words: "); err != nil {
			return err
		}
	}
	if err := words.Compare(typed, want); err != nil {
		return &process.ExitError{Code: process.ExitUnverified, Err: err}
	}
	return nil
}

// answer asks a person at the terminal for one line.
func answer(c *cobra.Command, question string) (string, error) {
	if _, err := fmt.Fprint(c.ErrOrStderr(), question); err != nil {
		return "", fmt.Errorf("asking: %w", err)
	}
	line, err := bufio.NewReader(oneByte{c.InOrStdin()}).ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		if err == nil || errors.Is(err, io.EOF) {
			err = errors.New("nothing was typed")
		}
		return "", usage(fmt.Errorf("reading the answer: %w", err))
	}
	return line, nil
}

// oneByte keeps a reader from taking more than the line that it was asked for:
// the next question has its own.
type oneByte struct{ from io.Reader }

func (o oneByte) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	return o.from.Read(b[:1])
}

// spoken writes words as they are read on the telephone.
func spoken(b *strings.Builder, all []string) {
	for i, word := range all {
		if i%4 == 0 {
			b.WriteString("\n   ")
		}
		fmt.Fprintf(b, " %d %-9s", i+1, word)
	}
	b.WriteString("\n")
}
