"""How torch's values are taken apart: tensors by dtype, kind of device, shape and content, never by storage."""

from __future__ import annotations

import sys

from xxhash import xxh3_128_digest

from ..values.node import Asked, Expander, Node, Passing, attributes, leaf
from ..values.objects import by_reduce
from ..values.plain import head
from .arrays import memory_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def find(base: type) -> Expander | None:
    """Return what takes the instances of one of torch's classes apart, or None where their attributes say it all."""
    torch: Any = sys.modules["torch"]
    if issubclass(base, torch.Tensor):
        return _tensor
    if base is torch.Generator:
        return _generator
    if base in (torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size):
        return by_reduce if base is torch.Size else _by_name
    return None


def _by_name(value: Any, _walk: Asked) -> bytes:
    return leaf("torch", type(value).__name__, str(value))


def _generator(value: Any, _walk: Asked) -> Node:
    return Node(head("generator of torch", str(value.device)), (value.get_state(),))


def _tensor(value: Any, walk: Asked) -> Node:
    torch: Any = sys.modules["torch"]
    tensor = value.detach()
    facts = str(tensor.dtype), tensor.device.type, str(tensor.layout), tuple(tensor.shape), bool(value.requires_grad)
    children: list[object] = []
    if tensor.device.type == "meta":
        pass
    elif tensor.layout is not torch.strided:
        children += _sparse_content(torch, tensor)
    elif tensor.is_quantized:
        children += _quantized_content(torch, tensor)
    else:
        order = memory_order(tensor.shape, tensor.stride())
        children += [Passing(order)] if order else []
        children.append(_content_digest(torch, tensor))
    if value.is_leaf and value.grad is not None:
        children.append(value.grad)
    state = {name: item for name, item in getattr(value, "__dict__", {}).items() if name != "grad"}
    children.append(attributes(state))
    return Node(head("tensor", *facts, len(children)) + walk.class_of(type(value)), children, ("",) * len(children))


def _content_digest(torch: Any, tensor: Any) -> bytes:
    if tensor.numel() == 0:
        return b""
    dense = tensor.resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
    return xxh3_128_digest(dense.view(torch.uint8).numpy())


def _quantized_content(torch: Any, tensor: Any) -> list[object]:
    """Take a quantized tensor apart into its integers, and what they stand for."""
    scheme = tensor.qscheme()
    if scheme in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        facts: list[object] = [tensor.q_scale(), tensor.q_zero_point()]
    else:
        facts = [tensor.q_per_channel_axis(), tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points()]
    return [Passing(str(scheme)), *map(Passing, facts), Passing(tensor.int_repr())]


def _sparse_content(torch: Any, tensor: Any) -> list[object]:
    if tensor.layout is torch.sparse_coo:
        tensor = tensor.coalesce()
        return [Passing(tensor.indices()), Passing(tensor.values())]
    if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        return [Passing(tensor.crow_indices()), Passing(tensor.col_indices()), Passing(tensor.values())]
    if tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
        return [Passing(tensor.ccol_indices()), Passing(tensor.row_indices()), Passing(tensor.values())]
    return [Passing(tensor.to_dense())]
