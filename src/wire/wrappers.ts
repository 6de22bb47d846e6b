/** Scalar type in each wrapper. */
export const wrappers: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'google.protobuf.BoolValue': 'bool',
    'google.protobuf.BytesValue': 'bytes',
    'google.protobuf.DoubleValue': 'double',
    'google.protobuf.FloatValue': 'float',
    'google.protobuf.Int32Value': 'int32',
    'google.protobuf.Int64Value': 'int64',
    'google.protobuf.StringValue': 'string',
    'google.protobuf.UInt32Value': 'uint32',
    'google.protobuf.UInt64Value': 'uint64',
  }),
)
