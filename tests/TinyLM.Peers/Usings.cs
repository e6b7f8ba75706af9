global using F = TorchSharp.torch.nn.functional;
global using TinyLM.Tests;
global using TorchParameter = TorchSharp.Modules.Parameter;
global using TorchSharp;
global using TorchTensor = TorchSharp.torch.Tensor;
