"""`python -m custody.servers.pin_jars VERSION > custody/servers/kafka_jars.txt`: choose another Kafka.

Resolves the jars Kafka needs to run, fetches each and prints its coordinate and SHA-256. Compare the sums with
what Maven Central shows before committing them: everyone who runs `custody up` trusts this list.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

from jgo.maven import MavenContext
from jgo.parse import Coordinate

NOT_IN_KAFKAS_POM = ("org.slf4j:slf4j-simple:1.7.36",)
"""The log binding: without one Kafka logs nothing. Its version is that of the slf4j-api Kafka resolves to."""


def main(version: str) -> None:
    """Print the pinned list for one version of Kafka."""
    with tempfile.TemporaryDirectory() as repository:
        context = MavenContext(repo_cache=Path(repository), timeout=60)
        wanted = [f"org.apache.kafka:kafka_2.13:{version}", *NOT_IN_KAFKAS_POM]
        direct, further = context.resolver.resolve(
            [
                context.create_dependency(
                    Coordinate(groupId=group, artifactId=artifact, version=number, scope="compile")
                )
                for group, artifact, number in (coordinate.split(":") for coordinate in wanted)
            ]
        )
        for dependency in sorted([*direct, *further], key=lambda each: (each.groupId, each.artifactId)):
            digest = hashlib.sha256(dependency.artifact.resolve().read_bytes()).hexdigest()
            print(f"{dependency.groupId}:{dependency.artifactId}:{dependency.version} {digest}")


if __name__ == "__main__":
    main(sys.argv[1])
