"""The artifact removers of Tables 2 and 3, in one order with SwinIR or the other."""

from jcarsr.experiments.plan import Contestant, PlannedNetwork, enlarger, jcarsr

SWINIR = enlarger("swinir", clean=True)

CLEANERS = {
    "ARCNN": PlannedNetwork(name="arcnn", lite="arcnn"),
    "DnCNN3": PlannedNetwork(name="dncnn3", lite="dncnn3"),
    # at the recipe's rate a ReLU in its trunk dies within 200 steps
    "QGCN": PlannedNetwork(name="qgcn", lite="qgcn-lite", lite_learning_rate=1e-4),
    "FBCNN": PlannedNetwork(name="fbcnn", lite="fbcnn-lite"),
    "JDEC": PlannedNetwork(name="jdec", lite="jdec-lite"),
}
"""Name in the paper -> the network; ARCNN and DnCNN3 are small as they are."""

JCARSR = Contestant(label="JCARSR", parts=(jcarsr(),))
READING = (
    "SwinIR is trained on clean pictures, which is how we read the paper: trained on JPEGs it "
    "would score higher as the first of the two than the paper prints."
)
