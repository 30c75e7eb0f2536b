"""Libraries that run a network: graphs in ONNX Runtime or OpenVINO, modules in PyTorch."""
