/// What is wrong with a catalog, and where: `products[0].price.model: unknown model 'tiered', …`.
public struct CatalogError: Error, Equatable, Sendable {
  /// `products[0].price.model`; empty: the whole file.
  public var place: String
  public var reason: String

  public init(_ place: String, _ reason: String) {
    self.place = place
    self.reason = reason
  }

  init(at path: [any CodingKey], key: String? = nil, _ reason: String) {
    self.init(Self.place(path, key), reason)
  }

  /// Whatever a decoder threw, as a catalog error: some decoders wrap ours in their own.
  public init(_ error: any Error) {
    switch error {
    case let error as CatalogError:
      self = error
    case let error as DecodingError:
      self.init(decoding: error)
    default:
      self.init("", "\(error)")
    }
  }

  private init(decoding error: DecodingError) {
    switch error {
    case .keyNotFound(let key, let context):
      self.init(at: context.codingPath, key: key.stringValue, "missing")
    case .valueNotFound(_, let context):
      self.init(at: context.codingPath, "has no value")
    case .typeMismatch(_, let context):
      self.init(at: context.codingPath, context.debugDescription)
    case .dataCorrupted(let context):
      switch context.underlyingError {
      case let inner as CatalogError: self = inner
      case let inner?: self.init(at: context.codingPath, "\(inner)")
      case nil: self.init(at: context.codingPath, context.debugDescription)
      }
    @unknown default:
      self.init("", "\(error)")
    }
  }

  static func place(_ path: [any CodingKey], _ key: String? = nil) -> String {
    var place = ""
    for step in path {
      if let index = step.intValue {
        place += "[\(index)]"
      } else {
        place += place.isEmpty ? step.stringValue : ".\(step.stringValue)"
      }
    }
    guard let key else { return place }
    return place.isEmpty ? key : "\(place).\(key)"
  }
}

extension CatalogError: CustomStringConvertible {
  public var description: String { place.isEmpty ? reason : "\(place): \(reason)" }
}
