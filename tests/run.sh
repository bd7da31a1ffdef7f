#!/usr/bin/env bash
#
# Everything that proves kmsd, from nothing: tests/run.sh [stage...]
#
#   setup     Debian packages, Python venv, node modules      (first, unless all is there)
#   build     gcc, as released, with the tests' tools
#   lint      include ladder, house rules, the model against botocore's
#   unit      Check programs
#   sdk       front-door tests with boto3 and raw sockets
#   cross     kmsd on one side, OpenSSL's program and Python's cryptography on the other
#   sdks      AWS SDKs of other languages: JavaScript v3; the rest where a toolchain is
#   cli       AWS CLI v2
#   reference the operation reference with examples that were run, in build-tests/reference
#   readme    the README's code blocks and deploy/quickstart.sh --check
#   campaign  kill -9 under load, edits of the database; short and seeded
#   asan      unit tests and a front-door smoke under ASan and UBSan
#   tsan      unit tests of whatever has threads under TSan
#   clang     the other compiler, warnings as errors
#   fuzz      each fuzzer for a few seconds from its corpus
#   bench     throughput beside a constant answer, start-up time; short
#
# Without stages: all. Works as root or as a user with sudo, on Debian 12 and 13. Builds go
# to KMSD_TEST_DIR (default: build-tests in the tree, which git ignores). The last line is
# "N passed, M failed, K skipped"; the exit code is non-zero when M > 0.

set -u -o pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
work=${KMSD_TEST_DIR:-$root/build-tests}
venv=${KMSD_TEST_VENV:-$root/.venv-tests}
python=$venv/bin/python
jobs=$(nproc)
all_stages="setup build lint unit sdk cross sdks cli reference readme campaign asan tsan clang fuzz bench"
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
mkdir -p "$work" || exit 1
passed=0 failed=0 skipped=0 times=""

# --- counting ---------------------------------------------------------------------------

pass() { passed=$((passed + ${1:-1})); }
fail() { failed=$((failed + ${1:-1})); }
skip() { skipped=$((skipped + 1)); echo "skipped: $*"; }

# One thing that either works or not.
check() {
    local what=$1
    shift
    if "$@"; then
        echo "ok: $what"
        pass
    else
        echo "FAILED: $what"
        fail
    fi
}

# Adds what a JUnit file counts; a file that is not there is one failure.
count_junit() {
    local counts
    counts=$("$python" - "$1" <<'PY'
import sys, xml.etree.ElementTree as tree
total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
for suite in tree.parse(sys.argv[1]).getroot().iter("testsuite"):
    for name in total:
        total[name] += int(suite.get(name, 0))
bad = total["failures"] + total["errors"]
print(max(0, total["tests"] - bad - total["skipped"]), bad, total["skipped"])
PY
    ) || { echo "FAILED: no result in $1"; fail; return; }
    read -r p f s <<<"$counts"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# --- what is needed ---------------------------------------------------------------------

packages="gcc clang meson ninja-build pkgconf git python3 python3-venv check
    libssl-dev libsqlite3-dev libjansson-dev libcbor-dev libcyaml-dev libyaml-dev libmicrohttpd-dev libgnutls28-dev
    libseccomp-dev libp11-kit-dev libcurl4-openssl-dev|libcurl4-gnutls-dev softhsm2 libyaml-dev
    openssl curl jq ca-certificates"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

have_package() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

install_packages() {
    local missing=""
    for package in $packages; do    # a|b: either, a when there is none
        have_package "${package%|*}" || have_package "${package#*|}" ||
            missing="$missing ${package%|*}"
    done
    # Another node than Debian's is as good, and Debian's npm would not sit beside it.
    command -v node >/dev/null || missing="$missing nodejs"
    command -v npm >/dev/null || missing="$missing npm"
    [ -x /usr/bin/aws ] || [ -x /usr/local/bin/aws ] || missing="$missing awscli"
    [ -z "$missing" ] && return 0
    echo "installing:$missing"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$work/apt.log" 2>&1
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        --no-install-recommends $missing >>"$work/apt.log" 2>&1 ||
        { tail -n 30 "$work/apt.log"; return 1; }
}

make_venv() {
    local stamp=$venv/requirements.done
    cmp -s tests/requirements.txt "$stamp" && return 0
    rm -rf "$venv"
    /usr/bin/python3 -m venv "$venv" &&
        "$python" -m pip install -q --disable-pip-version-check -r tests/requirements.txt &&
        cp tests/requirements.txt "$stamp"
}

make_node_modules() {
    cmp -s tests/sdk/js/package-lock.json tests/sdk/js/node_modules/lock.done && return 0
    (cd tests/sdk/js && npm ci --silent >"$work/npm.log" 2>&1) ||
        { tail -n 20 "$work/npm.log"; return 1; }
    cp tests/sdk/js/package-lock.json tests/sdk/js/node_modules/lock.done
}

stage_setup() {
    check "Debian packages" install_packages
    check "Python packages" make_venv
    check "node modules" make_node_modules
}

# --- builds -----------------------------------------------------------------------------

# build NAME [meson options...]: configure once for these options, then bring up to date
# ($targets: no more than these).
build() {
    local name=$1 dir=$work/$1
    shift
    if [ "$(cat "$dir/configured" 2>/dev/null)" != "$root $*" ]; then
        rm -rf "$dir"
        meson setup "$dir" "$root" "$@" >"$work/$name.log" 2>&1 ||
            { tail -n 20 "$work/$name.log"; return 1; }
        echo "$root $*" >"$dir/configured"
    fi
    ninja -j "$jobs" -C "$dir" ${targets:-} >"$work/$name.log" 2>&1 ||
        { grep -E 'FAILED|error|warning' "$work/$name.log" | head -n 30; return 1; }
}

built=""
need_build() {
    [ -n "$built" ] && return 0
    if build gcc; then built=yes; else echo "FAILED: build"; fail; return 1; fi
}

stage_build() {
    need_build && { echo "ok: gcc build"; pass; }
}

stage_clang() {
    check "clang build, warnings as errors" build clang --native-file tests/setups/clang.ini
}

# libFuzzer is in a package that carries clang's version.
have_fuzzer() {
    local try='int LLVMFuzzerTestOneInput(const char *p, long n) { return p && n ? 0 : 0; }'
    links() { echo "$try" | clang -fsanitize=fuzzer -xc - -o "$work/try" >/dev/null 2>&1; }
    links && return 0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev" >>"$work/apt.log" 2>&1
    links
}

stage_fuzz() {
    local names name
    have_fuzzer || { skip "fuzz: clang has no libFuzzer here"; return; }
    names=$(for corpus in tests/fuzz/corpus/*/; do basename "$corpus"; done)
    targets="proto/kms.dict $(for name in $names; do echo "tests/fuzz/fuzz_$name"; done)"
    CFLAGS=-fsanitize=fuzzer-no-link build fuzz --native-file tests/setups/clang.ini \
        -Db_sanitize=address,undefined -Db_lundef=false -Dfuzzers=true ||
        { targets=""; echo "FAILED: fuzz build"; fail; return; }
    targets=""
    # As many at a time as there are cores.
    for name in $names; do
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
        fuzz_one "$name" &
    done
    wait
    for name in $names; do
        check "fuzz $name" fuzzed "$name"
    done
}

fuzz_one() {
    local program=$work/fuzz/tests/fuzz/fuzz_$1 dict=$work/fuzz/proto/kms.dict
    mkdir -p "$work/corpus/$1"
    rm -f "$work/fuzz-$1.ok"
    "$program" -max_total_time="${KMSD_FUZZ_S:-10}" -print_final_stats=0 -verbosity=0 \
        -dict="$dict" -artifact_prefix="$work/crash-$1-" "$work/corpus/$1" \
        "tests/fuzz/corpus/$1/" >"$work/fuzz-$1.log" 2>&1 && touch "$work/fuzz-$1.ok"
}

fuzzed() {
    [ -f "$work/fuzz-$1.ok" ] || { tail -n 20 "$work/fuzz-$1.log"; return 1; }
}

# --- tests ------------------------------------------------------------------------------

stage_lint() {
    check "include ladder" python3 tests/lint/includes.py
    check "house rules" python3 tests/lint/house.py
    if [ -f tests/lint/model.py ]; then
        check "model against botocore's" "$python" tests/lint/model.py
    fi
    check "shell scripts parse" bash -n tests/run.sh
    for script in deploy/*.sh; do
        [ -f "$script" ] && check "$script parses" bash -n "$script"
    done
}

# unit_tests DIR SETUP [names...]: counts the checks of Check programs, not programs.
unit_tests() {
    local dir=$1 setup=$2 log counts
    shift 2
    log=$dir/meson-logs/testlog${setup:+-$setup}.json
    rm -f "$log"
    meson test -C "$dir" --no-rebuild --num-processes "$jobs" ${setup:+--setup "$setup"} \
        "$@" >"$dir/unit.out" 2>&1 || grep -E ' (FAIL|ERROR|TIMEOUT) ' "$dir/unit.out"
    counts=$("$python" - "$log" <<'PY'
import json, re, sys
good = bad = skipped = 0
for line in open(sys.argv[1]):
    test = json.loads(line)
    words = (test.get("stdout") or "") + (test.get("stderr") or "")
    told = re.search(r"Checks: (\d+), Failures: (\d+), Errors: (\d+)", words)
    checks, failures, errors = map(int, told.groups()) if told else (1, 0, 0)
    wrong = failures + errors
    if test["result"] == "SKIP":
        skipped += 1
        continue
    if test["result"] not in ("OK", "EXPECTEDFAIL"):
        wrong = max(1, wrong)
        print("\n".join(words.splitlines()[-30:]), file=sys.stderr)
    good += max(0, checks - wrong)
    bad += wrong
print(good, bad, skipped)
PY
    ) || { echo "FAILED: no result in $log"; fail; return; }
    read -r p f s <<<"$counts"
    echo "$p passed, $f failed, $s skipped"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    [ $((p + f)) -gt 0 ] || { echo "FAILED: no unit test ran"; fail; }
}

stage_unit() {
    need_build && unit_tests "$work/gcc" ""
}

# front_door NAME BUILD [pytest arguments...]: as many tests side by side as there are cores.
front_door() {
    local name=$1 build=$2 out=$work/pytest-$1.xml
    shift 2
    rm -f "$out"
    KMSD_BUILD=$work/$build "$python" -m pytest -c tests/sdk/pytest.ini --rootdir tests/sdk \
        --numprocesses "$jobs" --dist worksteal --junitxml "$out" --durations 8 "$@"
    count_junit "$out"
}

stage_sdk() {
    need_build && front_door sdk gcc tests/sdk --ignore-glob 'tests/sdk/test_sdk_*.py' \
        --ignore tests/sdk/test_consumers.py --ignore tests/sdk/test_aws_cli.py \
        --ignore tests/sdk/test_quickstart.py --ignore tests/sdk/test_readme.py \
        --ignore tests/sdk/test_reference.py
}

stage_cross() {
    need_build && front_door cross gcc tests/cross
}

stage_sdks() {
    local files=(tests/sdk/test_sdk_*.py)
    [ -f tests/sdk/test_consumers.py ] && files+=(tests/sdk/test_consumers.py)
    # A file's tests stay together: its first one builds, and they share what it built.
    # The longest build begins first.
    need_build && front_door sdks gcc --dist loadscope --no-loadscope-reorder \
        tests/sdk/test_sdk_rust.py "${files[@]}"
}

stage_cli() {
    need_build && front_door cli gcc --numprocesses 0 tests/sdk/test_aws_cli.py
}

stage_reference() {
    mkdir -p "$work/reference"
    need_build && KMSD_REFERENCE=$work/reference front_door reference gcc \
        --numprocesses 0 tests/sdk/test_reference.py
}

stage_readme() {
    local files=""
    for file in tests/sdk/test_readme.py tests/sdk/test_quickstart.py; do
        [ -f "$file" ] && files="$files $file"
    done
    # shellcheck disable=SC2086
    need_build && front_door readme gcc --numprocesses 0 $files
}

stage_campaign() {
    need_build || return
    export KMSD_BUILD=$work/gcc
    check "crash campaign" "$python" tests/campaign/crash.py --kills "${KMSD_KILLS:-200}"
    check "tamper campaign" "$python" tests/campaign/tamper.py --rounds "${KMSD_EDITS:-60}"
}

stage_asan() {
    build asan --native-file tests/setups/asan.ini || { echo "FAILED: asan build"; fail; return; }
    unit_tests "$work/asan" asan
    KMSD_TEST_SLOW=4 ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1 \
        UBSAN_OPTIONS=halt_on_error=1 LSAN_OPTIONS=suppressions=$root/tests/setups/lsan.supp \
        front_door asan asan tests/sdk/test_envelope.py tests/sdk/test_bad_input.py \
        tests/sdk/test_contexts.py tests/sdk/test_schedules.py tests/sdk/test_signals.py \
        tests/sdk/test_recipient_refused.py
}

# Modules with threads of their own or made to be called from many.
threaded='base|store|dispatch|keyring|token|service|schedule|exchange|refusals|secret|clock|veil|workers'

stage_tsan() {
    local names
    names=$(grep -oE "^  '[a-z0-9_]+'" tests/unit/meson.build | tr -d " '" |
        grep -E "^($threaded)" | tr '\n' ' ')
    [ -n "$names" ] || { skip "tsan: no unit test of a module with threads"; return; }
    targets=$(for name in $names; do echo "tests/unit/test_$name"; done)
    build tsan --native-file tests/setups/tsan.ini ||
        { targets=""; echo "FAILED: tsan build"; fail; return; }
    targets=""
    # shellcheck disable=SC2086
    unit_tests "$work/tsan" tsan $names
}

stage_bench() {
    need_build || return
    export KMSD_BUILD=$work/gcc
    # That they run is tested; what they show is read, and held to the target by hand: a
    # busy machine must not fail a build.
    check "start to ready line" "$python" tests/bench/start.py
    check "throughput beside a constant answer" "$python" tests/bench/run.py --rounds 3 \
        --seconds 2
}

# --- main -------------------------------------------------------------------------------

[ $# -gt 0 ] || set -- $all_stages
for stage in "$@"; do
    case " $all_stages " in
    *" $stage "*) ;;
    *) echo "no such stage: $stage (have: $all_stages)" >&2; exit 2 ;;
    esac
done
# Every stage needs the tools; what is there already costs a moment.
case " $* " in
*" setup "*) ;;
*) install_packages && make_venv && make_node_modules || { echo "FAILED: setup"; fail; } ;;
esac
for stage in "$@"; do
    echo "=== $stage"
    begun=$SECONDS
    "stage_$stage"
    took=$((SECONDS - begun))
    times="$times $stage:${took}s"
    echo "--- $stage: $took s"
done
echo "seconds:$times, $SECONDS in all"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
