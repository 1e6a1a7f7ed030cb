"""Write an image's bill of materials, as CycloneDX: `python -m infra.sbom BENTO_TAG OUTPUT`.

Debian's packages are in it with `--image NAME`, which asks the image that was built.
"""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from infra.debian_packages import read_debian
from infra.packages import find_packages, read_pins
from sentiment.champions import store
from sentiment.champions.releases import describe_all
from sentiment.command import run_command
from sentiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bentoml import Bento

    from infra.packages import Package

SCHEMA = SchemaVersion.V1_6
_NAMESPACE = uuid.UUID("5e471100-0000-4000-8000-000000000001")  # any, but always the same


def describe(tag: str, image_name: str | None = None) -> str:
    """Return the bill of materials of a Bento's image; it is deterministic.

    Debian's packages are those of the image with this name, if one is given.

    Raises:
        ProgramError: That image cannot be asked.
        StoreError: There is no such Bento, its model has left the store, or a package is not known
            in the pinned version.
    """
    bento = _find(tag)
    bom = Bom(serial_number=uuid.uuid5(_NAMESPACE, str(bento.tag)))
    image = Component(
        name=bento.tag.name, version=bento.tag.version, type=ComponentType.CONTAINER, bom_ref=str(bento.tag)
    )
    image.properties.update(Property(name=name, value=value) for name, value in bento.info.labels.items())
    bom.metadata.timestamp, bom.metadata.component = bento.creation_time, image
    models = [_as_model(store.find(str(model.tag))) for model in bento.info.all_models]
    packages = _read_packages(bento)
    libraries = {package.name: _as_library(package) for package in packages}
    system = read_debian(image_name) if image_name else []
    bom.components.update([*models, *libraries.values(), *system])
    bom.register_dependency(image, [*models, *libraries.values(), *system])
    for package in packages:
        bom.register_dependency(libraries[package.name], [libraries[need] for need in package.needs])
    return make_outputter(bom, OutputFormat.JSON, SCHEMA).output_as_string(indent=2) + "\n"


def _find(tag: str) -> Bento:
    import bentoml

    try:
        return bentoml.bentos.get(tag)
    except bentoml.exceptions.BentoMLException as error:
        raise StoreError(
            f"no Bento {tag!r} in the store {store.store_home()}: run 'make bundle', which prints the tag"
        ) from error


def _read_packages(bento: Bento) -> list[Package]:
    requirements = Path(bento.path_of("env/python/requirements.txt")).read_text("utf-8").splitlines()
    constraints = Path(bento.path_of("src/constraints.txt")).read_text("utf-8")
    return find_packages(requirements, read_pins(constraints))


def _as_library(package: Package) -> Component:
    url = PackageURL("pypi", name=package.name, version=package.version)
    licences = [LicenseFactory().make_from_string(package.licence)] if package.licence else []
    return Component(
        name=package.name, version=package.version, purl=url, bom_ref=str(url), licenses=licences
    )


def _as_model(model: store.StoredModel) -> Component:
    """Describe a model: where it comes from, and each of its files with its SHA-256."""
    name, _, version = model.tag.partition(":")
    return Component(
        name=name,
        version=version,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=model.tag,
        properties=[Property(name=f"sentiloop:{key}", value=value) for key, value in model.metadata.items()],
        components=_files(model.path),
    )


def _files(folder: Path) -> Iterable[Component]:
    for name, file in sorted(describe_all(folder).items()):
        yield Component(
            name=name,
            type=ComponentType.FILE,
            bom_ref=f"{folder.name}/{name}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
        )


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(
        "python -m infra.sbom", description="Write what a Bento's image is made of, as CycloneDX JSON."
    )
    parser.add_argument("bento", metavar="BENTO_TAG", help="as 'make bundle' prints it")
    parser.add_argument(
        "output", metavar="OUTPUT", type=Path, help="the file to write, such as sentiloop.cdx.json"
    )
    parser.add_argument("--image", metavar="NAME", help="list the Debian packages of this image as well")
    chosen = parser.parse_args()
    chosen.output.write_text(describe(chosen.bento, chosen.image), "utf-8")


if __name__ == "__main__":
    sys.exit(run_command(main))
