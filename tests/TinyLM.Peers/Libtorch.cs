namespace TinyLM.Peers;

/// <summary>An op as libtorch computes it, from inputs in the order of the case's. All are [rows, columns] in double, as is the result.</summary>
internal delegate TorchTensor Formulation(TorchTensor[] inputs);

/// <summary>Puts libtorch where a test has its reference. It computes in double: in float32 its own rounding, which varies from run to run, would be judged too.</summary>
internal static class Libtorch
{
    /// <summary>The case with libtorch's value and libtorch's gradients as what is expected.</summary>
    public static OpCase JudgedBy(this OpCase @case, Formulation formulation) => @case with
    {
        Forward = inputs => Value(formulation, inputs),
        Gradient = (inputs, dy) => Gradients(formulation, inputs, dy),
    };

    public static Matrix ToMatrix(this TorchTensor tensor) =>
        new((int)tensor.shape[0], (int)tensor.shape[1], tensor.detach().contiguous().data<double>());

    public static TorchTensor FromMatrix(Matrix matrix) => torch.tensor(matrix.Values, [matrix.Rows, matrix.Columns]);

    public static TorchTensor Indices(params IEnumerable<int> indices) => torch.tensor(indices.Select(index => (long)index).ToArray());

    private static Matrix Value(Formulation formulation, Matrix[] inputs)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return formulation(Array.ConvertAll(inputs, FromMatrix)).ToMatrix();
    }

    private static Matrix[] Gradients(Formulation formulation, Matrix[] inputs, Matrix dy)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        TorchTensor[] leaves = Array.ConvertAll(inputs, input => FromMatrix(input).requires_grad_());
        formulation(leaves).backward([FromMatrix(dy)]);
        return Array.ConvertAll(leaves, leaf => leaf.grad!.ToMatrix());
    }
}
