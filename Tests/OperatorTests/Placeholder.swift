import Testing
@Suite struct PlaceholderOperatorTests { @Test func nothing() {} }
