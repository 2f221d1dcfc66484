//! What an identity stands for, as text: two contents are the same exactly where their texts are.

/// Content as a producer gives it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    Json(Value),
}

/// Content that was kept, and is the same as another exactly where their texts are.
#[derive(Clone, Debug)]
pub(crate) struct Kept(pub(crate) Content);

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.0.text() == other.0.text()
    }
}

impl Eq for Kept {}

/// A JSON value, with its members in the order in which they were written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Members(Vec<(String, Value)>),
}

/// JSON may not be nested deeper.
const DEPTH_MAX: usize = 500;

impl Content {
    /// Returns a text that is equal for equal contents only, or nothing where the content is an
    /// error.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            // The leading word keeps bytes apart from JSON that happens to be written with them.
            Self::Bytes(bytes) => Some(format!("bytes {bytes:?}")),
            Self::Json(value) => {
                (value.depth() <= DEPTH_MAX).then(|| format!("json {}", value.text()))
            }
        }
    }
}

impl Content {
    /// Returns the number of bytes it takes as a result: as it is, or as canonical JSON.
    pub(crate) fn length(&self) -> u64 {
        let length = match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Json(value) => value.length(),
        };
        length as u64
    }
}

impl Value {
    fn length(&self) -> usize {
        match self {
            Self::Null => 4,
            Self::Bool(value) => value.to_string().len(),
            Self::Number(value) => (value + 0.0).to_string().len(),
            // No text here needs to be escaped.
            Self::Text(value) => value.len() + 2,
            Self::List(values) => {
                let items: usize = values.iter().map(|value| value.length() + 1).sum();
                items.max(1) + 1
            }
            Self::Members(members) => {
                let length = |(name, value): &(String, Self)| name.len() + 3 + value.length() + 1;
                members.iter().map(length).sum::<usize>().max(1) + 1
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            // Adding zero turns -0 into 0: RFC 8785 writes them alike.
            Self::Number(value) => format!("{:?}", value + 0.0),
            Self::Text(value) => format!("{value:?}"),
            Self::List(values) => {
                let texts: Vec<String> = values.iter().map(Self::text).collect();
                format!("[{}]", texts.join(","))
            }
            Self::Members(members) => {
                let mut texts: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("{name:?}:{}", value.text()))
                    .collect();
                // Any order will do for comparing, as long as it is always the same one.
                texts.sort();
                format!("{{{}}}", texts.join(","))
            }
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::List(values) => 1 + values.iter().map(Self::depth).max().unwrap_or(0),
            Self::Members(members) => {
                1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0)
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => 0,
        }
    }
}
