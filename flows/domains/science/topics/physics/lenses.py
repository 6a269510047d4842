"""Two lenses in a row, the first of a glass whose index is computed; the second way multiplies ray matrices."""

from flows.domains.science.topics.topic import Values


def refractive_index(cauchy_a: float, cauchy_b: float, wavelength: float) -> float:
    return cauchy_a + cauchy_b / wavelength**2


def focal_length(refractive_index: float, radius_front: float, radius_back: float) -> float:
    return 1 / ((refractive_index - 1) * (1 / radius_front + 1 / radius_back))


def first_image(focal_length: float, object_distance: float) -> float:
    return 1 / (1 / focal_length - 1 / object_distance)


def second_object(spacing: float, first_image: float) -> float:
    return spacing - first_image


def second_image(second_focal: float, second_object: float) -> float:
    return 1 / (1 / second_focal - 1 / second_object)


def magnification(first_image: float, object_distance: float, second_image: float, second_object: float) -> float:
    return abs(first_image / object_distance * second_image / second_object)


def check(given: Values) -> Values:
    """The same by ray matrices of numpy."""
    import numpy as np

    def lens(focal: float) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
        return np.array([[1.0, 0.0], [-1 / focal, 1.0]])

    def gap(length: float) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
        return np.array([[1.0, length], [0.0, 1.0]])

    index = given["cauchy_a"] + given["cauchy_b"] * given["wavelength"] ** -2
    front, back = given["radius_front"], given["radius_back"]
    focal = front * back / ((index - 1) * (front + back))
    half = lens(focal) @ gap(given["object_distance"])
    image = -half[0, 1] / half[1, 1]
    whole = lens(given["second_focal"]) @ gap(given["spacing"]) @ half
    last = -whole[0, 1] / whole[1, 1]
    found = gap(last) @ whole
    return {
        "refractive_index": index, "focal_length": focal, "first_image": image, "second_image": last,
        "second_object": given["spacing"] - image, "magnification": abs(found[0, 0]),
    }  # fmt: skip


STEPS = (refractive_index, focal_length, first_image, second_object, second_image, magnification)
