#!/bin/bash
# From a fresh Debian to a running kmsd: installs what is missing from Debian's packages,
# builds, makes ./kmsd-data, starts the daemon in its dev profile. --help tells the rest.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build-quickstart
data=$root/kmsd-data
http=127.0.0.1:8080
https=127.0.0.1:8443
action=start

# What the build needs, what the daemon needs, and what --check needs besides.
packages=(gcc libc6-dev meson ninja-build pkgconf python3
    libssl-dev libsqlite3-dev libjansson-dev libcbor-dev libcyaml-dev libyaml-dev
    libmicrohttpd-dev libgnutls28-dev libseccomp-dev libp11-kit-dev
    'libcurl4-openssl-dev|libcurl4-gnutls-dev' softhsm2)
check_packages=(python3-cryptography)

usage() {
    cat <<'END'
usage: deploy/quickstart.sh [--http-port N] [--https-port N] [--data DIR] [--build DIR]
       deploy/quickstart.sh --check [--build DIR]
       deploy/quickstart.sh --stop [--data DIR]

Builds kmsd into ./build-quickstart of the source tree, makes ./kmsd-data there, and
starts kmsd in the background: mutual TLS on https://localhost:8443, plain HTTP for
development on http://127.0.0.1:8080, both on loopback only. A second run reuses what is
there. Missing Debian packages are installed, with sudo unless you are root.

  --http-port N    another port for plain HTTP; 0 takes a free one
  --https-port N   another port for mutual TLS; 0 takes a free one
  --data DIR       another place for keys, certificates and the audit log
  --build DIR      another place to build in; one that is there is brought up to date
  --check          prove the whole way on free ports in a temporary directory: data key,
                   encrypt, restart, decrypt, compare, verify the audit log; exits 0 or 1
  --stop           stop the daemon that was started here
END
}

say() { printf '%s\n' "$*"; }
die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }

port() {
    case $2 in
    '' | *[!0-9]*) die "$1 takes a number" ;;
    esac
    [ "$2" -le 65535 ] || die "$1: a port is at most 65535"
}

while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage; exit 0 ;;
    --check) action=check ;;
    --stop) action=stop ;;
    --http-port) port "$1" "${2:-}"; http=127.0.0.1:$2; shift ;;
    --https-port) port "$1" "${2:-}"; https=127.0.0.1:$2; shift ;;
    --data) [ -n "${2:-}" ] || die "--data needs a directory"; data=$2; shift ;;
    --build) [ -n "${2:-}" ] || die "--build needs a directory"; build=$2; shift ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done

data=$(realpath -m -- "$data")
build=$(realpath -m -- "$build")
kmsd=$build/daemon/kmsd/kmsd
kmsctl=$build/daemon/kmsctl/kmsctl

# --- packages and build ---------------------------------------------------------------

# One package, or one of several: "this|that".
installed() {
    local name names
    IFS='|' read -ra names <<<"$1"
    for name in "${names[@]}"; do
        if [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ]
        then return 0; fi
    done
    return 1
}

install_missing() {
    local missing=() name sudo=()
    for name in "$@"; do
        installed "$name" || missing+=("${name%%|*}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "this is no Debian; install: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            die "neither root nor sudo; let somebody run: apt-get install ${missing[*]}"
        sudo=(sudo)
    fi
    say "installing: ${missing[*]}"
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-remove --no-install-recommends "${missing[@]}" >/dev/null
}

build_kmsd() {
    local log=$build/quickstart.log wipe=()
    say "building into $build"
    mkdir -p "$build"
    if [ -e "$build/meson-private/coredata.dat" ] && [ ! -e "$build/build.ninja" ]; then
        wipe=(--wipe) # a set-up that was cut off half-way
    fi
    if [ ! -e "$build/build.ninja" ]; then
        meson setup "${wipe[@]}" -Dtests=false "$build" "$root" >"$log" 2>&1 ||
            { tail -n 20 "$log" >&2; die "the build could not be set up; see $log"; }
    fi
    ninja -C "$build" daemon/kmsd/kmsd daemon/kmsctl/kmsctl >"$log" 2>&1 ||
        { tail -n 40 "$log" >&2; die "the build failed; see $log"; }
}

# --- the daemon -----------------------------------------------------------------------

# The process id of the daemon that runs on a data directory, if any.
running() {
    local pid
    pid=$(cat "$1/kmsd.pid" 2>/dev/null) || return 1
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = kmsd ] || return 1
    grep -qzxF -- "$1" "/proc/$pid/cmdline" 2>/dev/null || return 1
    say "$pid"
}

# A process that still holds its files: neither gone nor waiting to be reaped.
alive() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    [ "${stat%% *}" != Z ]
}

start_kmsd() {
    local dir=$1 pid tries=0
    umask 077
    if [ ! -d "$dir" ]; then
        mkdir -p "$dir"
    fi
    : >"$dir/ready.json"
    setsid nohup "$kmsd" --dev --data "$dir" --http "$2" --https "$3" \
        </dev/null >"$dir/ready.json" 2>>"$dir/kmsd.log" &
    pid=$!
    say "$pid" >"$dir/kmsd.pid"
    until grep -q '"event":"ready"' "$dir/ready.json"; do
        if ! alive "$pid" || [ $((tries += 1)) -gt 300 ]; then
            kill "$pid" 2>/dev/null || true
            rm -f "$dir/kmsd.pid"
            tail -n 5 "$dir/kmsd.log" >&2
            die "kmsd did not start; its last words are above and in $dir/kmsd.log"
        fi
        sleep 0.1
    done
}

stop_kmsd() {
    local dir=$1 pid tries=0
    pid=$(running "$dir") || return 0
    kill "$pid"
    while alive "$pid"; do
        [ $((tries += 1)) -le 300 ] || die "kmsd ($pid) does not stop"
        sleep 0.1
    done
    rm -f "$dir/kmsd.pid"
}

# A member of the ready line that is a text.
ready() {
    sed -n 's/.*"'"$2"'":"\([^"]*\)".*/\1/p' "$1/ready.json"
}

# --- what the user sees ---------------------------------------------------------------

next_steps() {
    local plain tls quoted_data quoted_path stop="deploy/quickstart.sh --stop"
    printf -v quoted_data %q "$data"
    [ "$data" = "$root/kmsd-data" ] || stop+=" --data $quoted_data"
    printf -v quoted_path %q "$build/daemon/kmsctl"
    plain=$(ready "$data" http)
    tls=$(ready "$data" https)
    cat <<END

kmsd is running (process $(running "$data")): $tls with a client certificate,
$plain for development. Log: $data/kmsd.log
Stop it with: $stop

In the shell:

    export KMSCTL_DATA=$quoted_data KMSCTL_ENDPOINT=$tls
    PATH=$quoted_path:\$PATH
    key=\$(kmsctl api create-key --output KeyMetadata.KeyId)
    kmsctl api generate-data-key --key-id "\$key" --key-spec AES_256
    kmsctl audit tail

In Python, with boto3:

    import boto3
    from botocore.config import Config

    kms = boto3.client(
        "kms", endpoint_url="$tls", region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local",
        verify="$data/pki/ca.pem",
        config=Config(client_cert=("$data/pki/client.pem",
                                   "$data/pki/client.key")))
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    print(kms.generate_data_key(KeyId=key, KeySpec="AES_256")["CiphertextBlob"].hex())
END
}

# --- --check --------------------------------------------------------------------------

# AES-256-GCM on this side of the wire. The data key is read from standard input.
payload() {
    /usr/bin/python3 -c '
import os, sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
mode, source, target = sys.argv[1:]
cipher, data = AESGCM(sys.stdin.buffer.read()), open(source, "rb").read()
if mode == "encrypt":
    nonce = os.urandom(12)
    data = nonce + cipher.encrypt(nonce, data, None)
else:
    data = cipher.decrypt(data[:12], data[12:], None)
open(target, "wb").write(data)
' "$@"
}

check() {
    local dir key context=app=quickstart
    scratch=$(mktemp -d)
    trap 'stop_kmsd "$scratch/data"; rm -rf "$scratch"' EXIT
    dir=$scratch/data

    say "starting kmsd on free ports"
    start_kmsd "$dir" 127.0.0.1:0 127.0.0.1:0
    export KMSCTL_DATA=$dir KMSCTL_ENDPOINT
    KMSCTL_ENDPOINT=$(ready "$dir" https)
    say "  $KMSCTL_ENDPOINT"

    say "creating a key and a data key over mutual TLS"
    key=$("$kmsctl" api create-key --output KeyMetadata.KeyId)
    "$kmsctl" api generate-data-key --key-id "$key" --key-spec AES_256 \
        --encryption-context "$context" >"$scratch/data-key.json"

    say "encrypting a payload with it"
    head -c 100000 /dev/urandom >"$scratch/plain"
    sed -n 's/.*"Plaintext": *"\([^"]*\)".*/\1/p' "$scratch/data-key.json" | base64 -d |
        payload encrypt "$scratch/plain" "$scratch/stored"
    sed -n 's/.*"CiphertextBlob": *"\([^"]*\)".*/\1/p' "$scratch/data-key.json" \
        >"$scratch/stored.key"
    rm "$scratch/data-key.json"

    say "restarting kmsd"
    stop_kmsd "$dir"
    start_kmsd "$dir" 127.0.0.1:0 127.0.0.1:0
    KMSCTL_ENDPOINT=$(ready "$dir" https)

    say "decrypting the data key and the payload"
    "$kmsctl" api decrypt --ciphertext-blob "$(cat "$scratch/stored.key")" \
        --encryption-context "$context" --output Plaintext --raw |
        payload decrypt "$scratch/stored" "$scratch/again"
    cmp "$scratch/plain" "$scratch/again" || die "the payload came back different"

    say "trying another encryption context"
    if "$kmsctl" api decrypt --ciphertext-blob "$(cat "$scratch/stored.key")" \
        --encryption-context app=other >/dev/null 2>"$scratch/refusal"; then
        die "another encryption context was accepted"
    fi
    grep -q InvalidCiphertextException "$scratch/refusal" ||
        die "another encryption context was refused strangely: $(cat "$scratch/refusal")"

    say "verifying the audit log"
    "$kmsctl" audit verify
    stop_kmsd "$dir"
    "$kmsctl" audit verify >/dev/null
    say "quickstart check: all good"
}

# --------------------------------------------------------------------------------------

case $action in
stop)
    running "$data" >/dev/null || { say "no kmsd runs on $data"; exit 0; }
    stop_kmsd "$data"
    say "stopped"
    ;;
check)
    install_missing "${packages[@]}" "${check_packages[@]}"
    build_kmsd
    check
    ;;
start)
    if ! running "$data" >/dev/null; then
        install_missing "${packages[@]}"
        build_kmsd
        start_kmsd "$data" "$http" "$https"
    fi
    next_steps
    ;;
esac
