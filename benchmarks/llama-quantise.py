"""Quantises a GGUF file by llama.cpp's own code, called in its library.

    npm install node-llama-cpp
    python3 llama-quantise.py node_modules/@node-llama-cpp/linux-x64/bins/linux-x64 IN.gguf OUT.gguf q4_k_m
"""

import ctypes
import glob
import sys

FILE_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 7, "q4_k_m": 15, "q5_k_m": 17, "q6_k": 18, "bf16": 32}


class Parameters(ctypes.Structure):
    """llama_model_quantize_params; what follows the file type keeps its defaults, and has room here for more than there is."""

    _fields_ = [("threads", ctypes.c_int32), ("file_type", ctypes.c_int32), ("rest", ctypes.c_byte * 248)]


folder, source, target, name = sys.argv[1:]
for pattern in ("libggml-base*.so*", "libggml-cpu-x64.so", "libggml.*so*"):
    for library in sorted(glob.glob(f"{folder}/{pattern}")):
        ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
llama = ctypes.CDLL(glob.glob(f"{folder}/libllama.*so*")[0])
llama.llama_model_quantize_default_params.restype = Parameters
llama.llama_model_quantize.restype = ctypes.c_uint32
llama.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Parameters)]
llama.llama_backend_init()
parameters = llama.llama_model_quantize_default_params()
parameters.threads = 2
parameters.file_type = FILE_TYPES[name]
sys.exit(llama.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters)))
