package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	aptTimeout        = 10 * time.Minute
	debianClusterConf = "/etc/postgresql-common/createcluster.conf"
)

// aptInstallPostgres installs the distribution's server. A machine that had none gets no default cluster: only the
// programs are wanted.
func aptInstallPostgres(ctx context.Context, log *slog.Logger) error {
	if os.Geteuid() != 0 {
		return errors.New("only root can run apt-get")
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return err
	}
	_, lock, err := lockCache(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	if _, done := newestInstalled(ctx); done {
		return nil // by another process, while this one waited for the lock
	}
	if err := refuseDefaultCluster(debianClusterConf); err != nil {
		return err
	}
	log.LogAttrs(ctx, slog.LevelInfo, "installing PostgreSQL with apt-get, once")
	ctx, cancel := context.WithTimeout(ctx, aptTimeout)
	defer cancel()
	if aptGet(ctx, apt, "install", "postgresql") == nil {
		return nil
	}
	if err := aptGet(ctx, apt, "update"); err != nil { // a fresh container has no package lists
		return err
	}
	return aptGet(ctx, apt, "install", "postgresql")
}

func aptGet(ctx context.Context, apt string, args ...string) error {
	command := exec.CommandContext(ctx, apt, append([]string{"-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w: %s", args[0], err, lastLines(out, 3))
	}
	return nil
}

// refuseDefaultCluster writes the setting that Debian's package reads when it is installed. A file that exists is an
// administrator's decision and stays.
func refuseDefaultCluster(conf string) error {
	if err := os.MkdirAll(filepath.Dir(conf), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(conf, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString("create_main_cluster = false\n")
	return errors.Join(err, file.Close())
}
