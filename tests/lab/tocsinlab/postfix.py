"""A real Postfix in a directory of its own, on loopback: takes mail as a relay does, hands it to a next hop, and returns what that refuses.

Its programs are Debian's, installed or unpacked (tests/unpack-postfix). Nothing outside DIRECTORY is written. Its master wants root, to become other
users.
"""
import grp
import os
import pwd
import signal
import smtplib
import subprocess
import time

from .process import free_port
from .settings import ROOT

PEER = os.path.join(ROOT, "build", "peer")
START_TIME = 20  # seconds
STOP_TIME = 20
# Whom it runs as, and whose group may drop mail: its own where it is installed, else users that Debian has always had and nobody is. They
# must be two, and neither may be the one that it gives other people's programs (nobody).
OWNERS = (("postfix", "postdrop"), ("uucp", "news"))
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")

MAIN = """
compatibility_level = 3.6
command_directory = {commands}
daemon_directory = {daemons}
meta_directory = {config}
queue_directory = {queue}
data_directory = {data}
mail_owner = {owner}
setgid_group = {group}
import_environment = MAIL_CONFIG LANG=C LD_LIBRARY_PATH={libraries}
maillog_file = {log}
maillog_file_prefixes = {directory}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = {hostname}
mydestination =
alias_maps =
local_recipient_maps =
notify_classes =
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
relayhost = [127.0.0.1]:{next_hop}
transport_maps = texthash:{config}/transport
relay_domains = {relay_domains}
relay_recipient_maps = texthash:{config}/recipients
# What is put off is tried again every second, told of after one, and given up after {lifetime}.
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
delay_warning_time = 1s
maximal_queue_lifetime = {lifetime}
"""

# service type private unpriv chroot wakeup maxproc command
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class NoPostfix(Exception):
    """There is none here; says why."""


def _owner():
    for owner, group in OWNERS:
        try:
            return pwd.getpwnam(owner), grp.getgrnam(group)
        except KeyError:
            continue
    raise NoPostfix("neither of the users %s is there to run it as" % " and ".join(owner for owner, _ in OWNERS))


def _programs():
    """(commands, daemons, libraries)."""
    for root in ("/", PEER):
        daemons = os.path.join(root, "usr/lib/postfix/sbin")
        if os.access(os.path.join(daemons, "master"), os.X_OK):
            return os.path.join(root, "usr/sbin"), daemons, os.path.join(root, "usr/lib/postfix")
    raise NoPostfix("its programs are neither installed nor in %s (make deps-test)" % PEER)


class Postfix:
    """Not yet running. Mail for MAILBOX_DOMAIN goes by LMTP to LMTP_PORT, all else to NEXT_HOP, a port; of RELAY_DOMAINS it knows the RECIPIENTS and refuses
    the others. LIFETIME: how long it tries. Raises NoPostfix."""

    def __init__(self, directory, next_hop, lmtp_port, mailbox_domain, relay_domains=(), recipients=(), lifetime="6s"):
        if os.getuid() != 0:
            raise NoPostfix("only root may start its master")
        self.directory, self.port, self.process = directory, free_port(), None
        self.owner, self.group = _owner()
        commands, self.daemons, self.libraries = _programs()
        self.config, self.log_path = os.path.join(directory, "etc"), os.path.join(directory, "postfix.log")
        self._make_directories()
        values = dict(commands=commands, daemons=self.daemons, libraries=self.libraries, config=self.config, directory=directory,
                      queue=os.path.join(directory, "queue"), data=os.path.join(directory, "data"), owner=self.owner.pw_name,
                      group=self.group.gr_name, log=self.log_path, hostname="relay." + mailbox_domain, next_hop=next_hop,
                      relay_domains=" ".join(relay_domains), lifetime=lifetime, port=self.port)
        self._write("main.cf", MAIN.format(**values))
        self._write("master.cf", MASTER.format(**values))
        self._write("transport", "%s lmtp:inet:127.0.0.1:%d\n" % (mailbox_domain, lmtp_port))
        self._write("recipients", "".join("%s yes\n" % address for address in recipients))

    def _make_directories(self):
        queue = os.path.join(self.directory, "queue")
        for path in (self.directory, self.config, queue, os.path.join(queue, "pid")):
            os.makedirs(path, exist_ok=True)
            os.chmod(path, 0o755)
        for name, mode, group in [(name, 0o700, 0) for name in QUEUES] + [("maildrop", 0o730, self.group.gr_gid), ("public", 0o710, self.group.gr_gid)]:
            self._make(os.path.join(queue, name), mode, group)
        self._make(os.path.join(self.directory, "data"), 0o700, 0)

    def _make(self, path, mode, group):
        os.mkdir(path)
        os.chown(path, self.owner.pw_uid, group)
        os.chmod(path, mode)

    def _write(self, name, text):
        with open(os.path.join(self.config, name), "w", encoding="ascii") as file:
            file.write(text)

    def start(self):
        """Until it greets. It never outlives who started it."""
        command = ["setpriv", "--pdeathsig", "TERM", os.path.join(self.daemons, "master"), "-c", self.config, "-d"]
        with open(os.path.join(self.directory, "master.out"), "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                                            env=dict(os.environ, LD_LIBRARY_PATH=self.libraries, MAIL_CONFIG=self.config))
        end = time.monotonic() + START_TIME
        while not self._greets():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError("Postfix did not come up:\n" + self.log()[-2000:] + self._output())
            time.sleep(0.05)

    def _greets(self):
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as client:
                return client.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _output(self):
        with open(os.path.join(self.directory, "master.out"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        """As `postfix stop` does: what is in its queue stays there."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_TIME)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""
