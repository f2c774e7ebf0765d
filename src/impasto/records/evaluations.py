"""Results of ``evaluate``, one record for each kind of run."""

from impasto.records.by_artist import ByArtistResult
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.lora_score import LoraScore
from impasto.records.painter_score import PainterScore
from impasto.records.reconstruction import AutoencoderEvaluation

RunEvaluation = ClassifierEvaluation | AutoencoderEvaluation | PainterScore | LoraScore
"""The score of a run on test pictures."""
Evaluation = RunEvaluation | ByArtistResult
"""The same, or a classifier's recipe on unseen artists."""
