using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;
using TorchTensor = TorchSharp.torch.Tensor;

namespace TinyLM.Benchmarks;

/// <summary>Causal attention within documents: qkv [tokens, 3·width] to [tokens, width].</summary>
internal static class TorchAttention
{
    /// <summary>One call a document.</summary>
    public static TorchTensor Loop(TorchTensor qkv, int[] lengths, int heads)
    {
        TorchTensor[] documents = qkv.split([.. lengths.Select(length => (long)length)], 0);
        return cat([.. documents.Select(document => Attend(document, document.shape[0], heads))], 0);
    }

    /// <summary>Rows of one length as a batch, or with a mask of all pairs the whole stream as one row.</summary>
    public static TorchTensor Attend(TorchTensor qkv, long length, int heads, TorchTensor? mask = null)
    {
        long tokens = qkv.shape[0], width = qkv.shape[1] / 3;
        TorchTensor[] parts = qkv.view(tokens / length, length, 3, heads, width / heads).permute(2, 0, 3, 1, 4).unbind(0);
        return F.scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask: mask, is_casual: mask is null).transpose(1, 2).reshape(tokens, width);
    }

    /// <summary>[tokens, tokens]: true where the row's token sees the column's.</summary>
    public static TorchTensor BlockMask(int[] lengths)
    {
        TorchTensor document = tensor(lengths.SelectMany((length, index) => Enumerable.Repeat((long)index, length)).ToArray());
        TorchTensor same = document.unsqueeze(1) == document.unsqueeze(0);
        return same.logical_and(ones_like(same).tril());
    }
}
