"""How high the film stands: a tilted, bowed grid with rough squares (all numbers assumed)."""

from __future__ import annotations

import math

import numpy as np

from smartscope.microscope.simulator.specimen.hashing import Channel, uniform
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.noise import smooth


def film_height_um(mesh: Mesh, x_um: float, y_um: float) -> float:
    """z of the film, µm: plane up to 1°, bowl ±20 µm, 3 µm rms at 100 µm, a bow of 0.2-1 µm per
    square.
    """
    draw = uniform(mesh.seed, Channel.HEIGHT, 0, 0, np.arange(3))
    slope = math.tan(math.radians(float(draw[0])))
    direction = 2.0 * math.pi * float(draw[1])
    plane = slope * (x_um * math.cos(direction) + y_um * math.sin(direction))
    bowl = 20.0 * (2.0 * float(draw[2]) - 1.0) * (x_um**2 + y_um**2) / 950.0**2
    rough = 3.0 * float(
        smooth(mesh.seed, Channel.HEIGHT_ROUGHNESS, np.array([x_um]), np.array([y_um]), 100.0)[0]
    )
    pitch, half = mesh.spec.pitch_um, mesh.spec.opening_um / 2
    u, v = (float(c) for c in mesh.to_mesh(x_um, y_um))
    i, j = round(u / pitch), round(v / pitch)
    depth = 0.2 + 0.8 * float(uniform(mesh.seed, Channel.HEIGHT, i, j, 8)[0])
    inside = max(0.0, 1.0 - ((u - i * pitch) / half) ** 2) * max(
        0.0, 1.0 - ((v - j * pitch) / half) ** 2
    )
    return plane + bowl + rough - depth * inside
