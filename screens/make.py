"""Draw the pictures of this folder with the real program.

    python screens/make.py            from the recorded trainings, in seconds
    python screens/make.py --train    trains sample_corpus with SmolLM2 first (a minute or two) and records that

The test tests/tui/test_pictures.py draws them again and compares.
"""

from __future__ import annotations

import argparse
import asyncio

from recording import HERE
from scenes import SCENES, draw


async def main() -> None:
    """Record if asked to, draw every scene, and take away pictures that no scene draws."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the screens.")
    parser.add_argument("--train", action="store_true", help="train and record first")
    if parser.parse_args().train:
        from recorder import record

        await record()
    for scene in SCENES.values():
        for name, svg in (await draw(scene)).items():
            (HERE / f"{name}.svg").write_text(svg, encoding="utf-8")
    drawn = {name for scene in SCENES.values() for name in scene.pictures}
    for file in HERE.glob("*.svg"):
        if file.stem not in drawn:
            file.unlink()


if __name__ == "__main__":
    asyncio.run(main())
