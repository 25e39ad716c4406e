package drive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

const aptPatience = 10 * time.Minute

const advice = "the tests of the pages need Chromium: as root on Debian, apt-get install -y chromium-headless-shell fonts-liberation; elsewhere as your system does"

// find gives the path of Chromium. As root on Debian it installs the package, and tells.
func find(ctx context.Context, tell func(string)) (string, error) {
	if path, err := installed(); err == nil {
		return path, nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return "", errors.New(advice)
	}
	tell("installing Chromium with apt-get, once: apt-get install -y chromium-headless-shell fonts-liberation")
	ctx, cancel := context.WithTimeout(ctx, aptPatience)
	defer cancel()
	if err := install(ctx, apt, "install", "chromium-headless-shell", "fonts-liberation"); err != nil {
		if err := install(ctx, apt, "update"); err != nil { // a fresh container has no package lists
			return "", fmt.Errorf("%s: %w", advice, err)
		}
		if err := install(ctx, apt, "install", "chromium-headless-shell", "fonts-liberation"); err != nil {
			return "", fmt.Errorf("%s: %w", advice, err)
		}
	}
	path, err := installed()
	if err != nil {
		return "", fmt.Errorf("%s: %w", advice, err)
	}
	return path, nil
}

// installed prefers Chromium without its own windows: a tab of it costs a fifth, and what shows and runs pages is the same.
func installed() (string, error) {
	var err error
	for _, name := range []string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome"} {
		var path string
		if path, err = exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", err
}

func install(ctx context.Context, apt string, args ...string) error {
	command := exec.CommandContext(ctx, apt, append([]string{"-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w: %s", args[0], err, out[max(0, len(out)-600):])
	}
	return nil
}
