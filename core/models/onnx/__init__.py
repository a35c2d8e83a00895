"""ONNX files: what their bytes say, and what has to be said beside them. No torch, and no package for ONNX."""
