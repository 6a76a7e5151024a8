"""Writes hey-jarvis.scores.json: what the reference implementations say about hey-jarvis.wav.

pip install openwakeword==0.6.0 silero-vad==6.2.3 onnxruntime numpy   (torch comes with silero-vad)
python tests/vectors/record.py [folder of the models, default ~/.local/share/jett/models]
"""

import json
import os
import sys
import wave
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from openwakeword.model import Model
from silero_vad.utils_vad import OnnxWrapper

here = Path(__file__).parent
data = Path(os.environ.get("XDG_DATA_HOME", "~/.local/share")).expanduser()
models = Path(sys.argv[1]) if len(sys.argv) > 1 else data / "jett/models"
wake = models / "wake-hey-jarvis"

with wave.open(str(here / "hey-jarvis.wav")) as file:
    assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
    samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)


def wake_scores(chunk):
    """One score for each completed step of 1280 samples, fed `chunk` samples at a time."""
    model = Model(
        wakeword_models=[str(wake / "hey_jarvis_v0.1.onnx")],
        inference_framework="onnx",
        melspec_model_path=str(wake / "melspectrogram.onnx"),
        embedding_model_path=str(wake / "embedding_model.onnx"),
    )
    scores, fed = [], 0
    for start in range(0, len(samples), chunk):
        score = model.predict(samples[start : start + chunk])["hey_jarvis_v0.1"]
        steps, fed = fed // 1280, fed + chunk
        if fed // 1280 > steps:
            scores.append(round(float(score), 6))
    return scores


# The reference fills its window with unseeded noise: the first 16 steps depend on it and are not compared.
by_step, by_frame = wake_scores(1280), wake_scores(512)
assert np.allclose(by_step[16:], by_frame[16:], atol=1e-5), "the reference depends on the chunking"

vad = OnnxWrapper(str(models / "vad-silero/silero_vad.onnx"), force_onnx_cpu=True)
frames = torch.from_numpy(samples.astype(np.float32) / 32768).split(512)
voice = [round(vad(frame, 16000).item(), 6) for frame in frames]

packages = ["openwakeword", "silero-vad", "onnxruntime"]
result = {"made with": {name: version(name) for name in packages}, "wake": by_step, "voiceActivity": voice}
(here / "hey-jarvis.scores.json").write_text(json.dumps(result) + "\n")
