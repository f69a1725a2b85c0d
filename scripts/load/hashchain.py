"""The yardstick of P3 that a user would take instead: a PostgreSQL table in which each row hashes the one before it.

A function takes the record, locks the chain's head, hashes and inserts; pgbench calls it. Signatures are not checked.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy.engine import make_url

from scripts.postgres import PostgresServer, postgres_binaries, postgres_server

SCHEMA = """
CREATE TABLE head (one integer PRIMARY KEY, hash bytea NOT NULL);
INSERT INTO head VALUES (1, ''::bytea);
CREATE TABLE records (
    id bigserial PRIMARY KEY, officer bigint NOT NULL, case_key bytea NOT NULL, seq integer NOT NULL,
    digest bytea NOT NULL, hash bytea NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
CREATE FUNCTION append(officer bigint, case_key bytea, seq integer, digest bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE before bytea; after bytea; number bigint;
BEGIN
    SELECT hash INTO before FROM head WHERE one = 1 FOR UPDATE;
    after := sha256(before || int8send(officer) || case_key || int4send(seq) || digest);
    UPDATE head SET hash = after WHERE one = 1;
    INSERT INTO records (officer, case_key, seq, digest, hash)
        VALUES (officer, case_key, seq, digest, after) RETURNING id INTO number;
    RETURN number;
END $$;
"""
CALL = """\\set officer random(1, 1000000)
SELECT append(:officer, sha256(int8send(:officer)), 1, sha256(int8send(:officer + :client_id)));
"""


def hash_chain(clients: int, seconds: float) -> float:
    """Records a second with ``clients`` connections, each record durable (fsync on)."""
    with postgres_server() as server, tempfile.TemporaryDirectory() as folder:
        return _measure(server, Path(folder), clients, max(1, round(seconds)))


def _measure(server: PostgresServer, folder: Path, clients: int, seconds: int) -> float:
    script = folder / "append.sql"
    script.write_text(CALL, encoding="utf-8")
    where = make_url(server.create())
    environment = {
        **os.environ, "PGHOST": str(where.host), "PGPORT": str(where.port), "PGUSER": str(where.username),
        "PGPASSWORD": str(where.password), "PGDATABASE": str(where.database),
    }  # fmt: skip
    tools = postgres_binaries()
    psql = [str(tools / "psql"), "--quiet", "--set=ON_ERROR_STOP=1", "--command", SCHEMA]
    subprocess.run(psql, check=True, env=environment)
    pgbench = [
        str(tools / "pgbench"), "--no-vacuum", f"--client={clients}", "--jobs=2", f"--time={seconds}",
        f"--file={script}",
    ]  # fmt: skip
    said = subprocess.run(pgbench, check=True, capture_output=True, text=True, env=environment).stdout
    line = next(line for line in said.splitlines() if line.startswith("tps = "))
    return float(line.split()[2])
