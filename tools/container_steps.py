"""container_steps.py [FOLDER]: does what the Dockerfile says without a container engine, then what its comment promises.

Each `FROM debian:12-slim` is a debootstrap of Debian 12, each RUN a chroot into it. Wants root, debootstrap and Debian's archive; what this machine
says about archives, pip and certificates is lent to the chroot for the time of the build. Files that git ignores stand for .dockerignore."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LENT = ["etc/apt/sources.list", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "etc/apt/auth.conf.d", "etc/pip.conf", "root/.npmrc", "etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"]
CERTIFICATES = ["SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"]
PASSED = CERTIFICATES + ["PIP_INDEX_URL", "PIP_CONFIG_FILE", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"]


def instructions(text):
    """(name, rest) of each; a line that ends in a backslash goes on."""
    text = re.sub(r"^#.*\n", "", text, flags=re.M)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            name, rest = line.strip().split(None, 1)
            yield name.upper(), rest


def mirror():
    for file in sorted(pathlib.Path("/etc/apt").glob("sources.list*/*.sources")) + [pathlib.Path("/etc/apt/sources.list")]:
        found = re.search(r"^(?:URIs:|deb)\s+(?:\[.*\]\s+)?(https?://\S+)", file.read_text(), re.M) if file.exists() else None
        if found:
            return found.group(1)
    return "http://deb.debian.org/debian"


class Stage:
    def __init__(self, folder, base):
        self.root, self.cwd, self.user, self.entry = folder, "/", 0, []
        subprocess.run(["cp", "-a", base, folder], check=True)
        for name in ("proc", "dev"):
            subprocess.run(["mount", "--rbind", "/" + name, folder / name], check=True)

    def lend_all(self):
        """Again before each step: installing certificates writes over them."""
        for name in LENT + [os.environ[variable][1:] for variable in CERTIFICATES if os.environ.get(variable, "").startswith("/")]:
            self.lend(name)

    def lend(self, name):
        source, to = pathlib.Path("/", name), self.root / name
        if source.is_dir():
            shutil.copytree(source, to, dirs_exist_ok=True)
        elif source.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, to)

    def run(self, argv, lent=True, **more):
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root" if self.user == 0 else "/home/mutagen"}
        if lent:
            self.lend_all()
        env.update({name: os.environ[name] for name in PASSED if lent and name in os.environ})
        group = ["--groups=", f"--userspec={self.user}:{self.user}"] if self.user else []
        inside = "cd " + shlex.quote(self.cwd) + ' && exec "$@"'
        return subprocess.run(["chroot", *group, self.root, "sh", "-c", inside, "sh", *argv], env=env, **more)


def build(folder):
    base = folder / "base"
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", base, mirror()], check=True, stdout=subprocess.DEVNULL)
    stages, stage = {}, None
    for name, rest in instructions((ROOT / "Dockerfile").read_text()):
        began = time.monotonic()
        if name == "FROM":
            image, *alias = rest.split()
            assert image == "debian:12-slim", image
            stage = Stage(folder / f"stage{len(stages)}", base)
            stages[alias[1] if alias else ""] = stage
        elif name == "RUN":
            done = stage.run(["sh", "-c", rest], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                sys.exit(f"{done.stdout[-4000:]}\nRUN {rest}: exit {done.returncode}")
        elif name == "WORKDIR":
            stage.cwd = rest
            (stage.root / rest[1:]).mkdir(parents=True, exist_ok=True)
        elif name == "COPY" and rest == ". .":
            names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
            for one in names.decode().split("\0"):
                if one and (ROOT / one).exists():
                    to = stage.root / stage.cwd[1:] / one
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / one, to)
        elif name == "COPY":
            origin, source, to = re.fullmatch(r"--from=(\S+) /(\S+) /(\S+)", rest).groups()
            shutil.copy2(stages[origin].root / source, stage.root / to)
        elif name == "USER":
            stage.user = int(rest)
        elif name == "ENTRYPOINT":
            stage.entry = re.findall(r'"([^"]*)"', rest)
        else:
            sys.exit(f"{name}: not known here")
        print(f"{time.monotonic() - began:6.1f} s  {name} {rest[:90]}", flush=True)
    return stage


def promise(stage, folder):
    """docker run -v "$PWD:/workspace" mutagen run /workspace"""
    repo = folder / "repo"
    shutil.copytree(ROOT / "examples" / "shop", repo)
    subprocess.run(["chown", "-R", "1000:1000", repo], check=True)
    subprocess.run(["mount", "--bind", repo, stage.root / "workspace"], check=True)
    for arguments in (["doctor", "/workspace"], ["run", "/workspace", "--target", "shop.pricing.*"]):
        done = stage.run(stage.entry + arguments, lent=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        print(done.stdout)
        assert done.returncode == 0, (arguments, done.returncode)
    report = repo / ".mutagen" / "reports" / "report.md"
    assert report.stat().st_uid == 1000 and "shop.pricing" in report.read_text()
    assert stage.run(["git", "--version"], stdout=subprocess.DEVNULL).returncode == 0


def main():
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        sys.exit("container_steps.py: needs root and debootstrap (apt-get install debootstrap)")
    if os.environ.get("MUTAGEN_UNSHARED") != "1":  # mounts of ours go with the namespace
        os.environ["MUTAGEN_UNSHARED"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--kill-child", sys.executable, *sys.argv])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mutagen-container-", dir=sys.argv[1] if len(sys.argv) > 1 else None))
    try:
        promise(build(folder), folder)
    finally:
        subprocess.run(f"awk '{{print $5}}' /proc/self/mountinfo | grep -F {shlex.quote(str(folder))} | sort -r | xargs -r umount -l", shell=True, check=False)
        shutil.rmtree(folder)
    print("container: ok")


if __name__ == "__main__":
    main()
