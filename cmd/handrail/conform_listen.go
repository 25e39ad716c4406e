package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"handrail/contracts/conform"
	"handrail/events/exchange"
)

const conformPatience = 10 * time.Second

func conformListenCommand(f *conformFlags) *cobra.Command {
	var address string
	c := &cobra.Command{
		Use: "listen", Short: "judge messages that are posted to this machine, as they come",
		Long: `Takes messages by POST on an address of this machine alone and answers with what they
get wrong, as JSON: 200 for a message that conforms, 422 for one that does not. The
body is an event in structured mode (Content-Type: application/cloudevents+json), or
the data, with the attributes as headers ce-<attribute>. Messages are judged in the
order in which they come. Nothing is kept.`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			j, err := f.judge()
			if err != nil {
				return err
			}
			return listenFor(c.Context(), c.OutOrStdout(), address, &conformServer{judge: j})
		},
	}
	c.Flags().StringVar(&address, "listen", "127.0.0.1:8555", "host:port on the loopback")
	return c
}

func listenFor(ctx context.Context, out io.Writer, address string, handler http.Handler) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return usage(errors.New("--listen is host:port with an address of the loopback, such as 127.0.0.1:8555: test data may be somebody's"))
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return usage(fmt.Errorf("listening: %w", err))
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: conformPatience, ReadTimeout: conformPatience, MaxHeaderBytes: 128 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if _, err := fmt.Fprintf(out, "Judging what is posted to http://%s/\n", listener.Addr()); err != nil {
		return err
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// conformServer judges one posted message after the other.
type conformServer struct {
	mu    sync.Mutex
	judge *conform.Judge
	count int
}

func (s *conformServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		http.Error(w, "POST a message to /", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20))
	if err != nil {
		http.Error(w, "a message weighs at most 2 MiB here, and 768 KiB at the hub", http.StatusRequestEntityTooLarge)
		return
	}
	s.mu.Lock()
	s.count++
	report := s.judge.Message(fmt.Sprintf("message %d", s.count), exchange.Message{Header: r.Header, Data: body})
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if !report.Conforms() {
		w.WriteHeader(http.StatusUnprocessableEntity)
	}
	_ = showReports(w, "json", []conform.Report{report}) // whoever asked went away
}
