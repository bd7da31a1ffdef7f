"""One measurement with the load generator, for every benchmark that sends requests."""

import subprocess

from support.daemon import BUILD

LOADGEN = BUILD / "tests" / "bench" / "loadgen"


def load(args, pid, port, headers, body, ready=None):
    """Requests/s, p50 and p99 in us, and CPU us a request of the server and of the client.

    headers are name -> value. With a daemon's ready line, over mutual TLS as its client.
    """
    command = [str(LOADGEN), "-q", "-c", str(args.connections), "-d", str(args.seconds),
               "-p", str(pid), "-B", body]
    if ready:
        command += ["-s", "-C", ready["client_cert"], "-K", ready["client_key"],
                    "-A", ready["ca"], "-S", "localhost"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run([*command, f"127.0.0.1:{port}"], capture_output=True, text=True,
                          timeout=args.seconds + 120)
    if not done.stdout.strip():
        raise SystemExit(f"loadgen: {done.stderr}")
    rate, p50, p99, errors, cpu, own = map(float, done.stdout.split())
    if errors:
        raise SystemExit(f"loadgen: {errors:.0f} errors: {done.stderr}")
    return {"rate": rate, "p50": p50, "p99": p99, "cpu": cpu, "client_cpu": own}
