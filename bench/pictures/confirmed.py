"""MNIST's test digits whose labels people confirm, to compose pictures of."""

from dataclasses import replace

import numpy as np

from train.data import Digits

# Numbers of test digits that fewer than three of five people took for what their labels say:
# C. G. Northcutt, A. Athalye and J. Mueller, "Pervasive Label Errors in Test Sets Destabilize
# Machine Learning Benchmarks" (2021), mturk/mnist_mturk.json of github.com/cleanlab/label-errors.
REJECTED = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)


def confirmed(digits: Digits) -> Digits:
    """Replace each rejected test digit of MNIST by the next one of its label that is not rejected.

    All others keep their places, so that pictures without a rejected digit stay as they are.
    """
    images, labels = digits.test_images.copy(), digits.test_labels
    kept = np.setdiff1d(np.arange(len(labels)), REJECTED)
    for number in REJECTED:
        images[number] = images[next(k for k in kept if k > number and labels[k] == labels[number])]
    return replace(digits, test_images=images)
