-- Submission sets and folders that hold nothing are found among the keys of a record, without reading what it holds.
CREATE INDEX associations_of_record ON associations (patient_key, source);
