namespace TinyLM.Peers;

/// <summary>A tensor of a model as both sides have it.</summary>
/// <param name="Tensor">Its name.</param>
/// <param name="Quantity">What of it: its gradient, its value after some steps.</param>
/// <param name="Ours">TinyLM's.</param>
/// <param name="Theirs">libtorch's.</param>
internal sealed record TensorComparison(string Tensor, string Quantity, Matrix Ours, Matrix Theirs)
{
    public double OurNorm => Norm(Ours);

    public double TheirNorm => Norm(Theirs);

    public Measurement Of(string model) => new(model, Tensor, Quantity, Comparison.RelativeError(Ours.Values, Theirs.Values), Comparison.SingleLimit);

    private static double Norm(Matrix matrix) => Math.Sqrt(matrix.Values.Sum(value => value * value));
}
